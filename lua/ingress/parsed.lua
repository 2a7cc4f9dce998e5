-- Certificates parsed, once per worker and document: parsing in each handshake costs more than the handshake. What
-- cannot be parsed, or not be shown, never replaces what could. Bounded: those that were not shown for the longest
-- time are forgotten, and parsed again when they are needed.
-- phase: ssl_certificate · yields: no · dicts: by way of the reader · state: per worker, two generations of pairs

local reader = require("ingress.reader")
local ssl = require("ngx.ssl")

local decode_base64 = ngx.decode_base64
local get = reader.get
local ipairs = ipairs
local log = ngx.log
local next = next
local tonumber = tonumber

local young, old = {}, {}
local count = 0

-- limit: pairs of a generation; there are never more than twice as many. A pair with one intermediate takes about
-- 11 kB, and parsing it 1.5 ms.
local _M = { limit = 16384 }


-- Codes of signature schemes as a set.
local function schemes_of(list)
  local set = {}
  for _, code in ipairs(list) do
    set[tonumber(code, 16)] = true
  end
  return set
end


local function parse(body)
  local chain, err = ssl.parse_pem_cert(body.chain)
  if not chain then
    return nil, err
  end
  local key, key_err = ssl.parse_pem_priv_key(body.key)
  if not key then
    return nil, key_err
  end
  local ocsp = body.ocsp
  return {
    chain = chain,
    key = key,
    staple = ocsp and decode_base64(ocsp.response),
    staple_until = ocsp and ocsp.ends or 0,
    schemes = body.schemes and schemes_of(body.schemes),
  }
end


local function remember(id, pair)
  if not young[id] then
    count = count + 1
  end
  young[id] = pair
  if count >= _M.limit then
    for key in next, old do
      if not young[key] then
        reader.forget("certificate", key)
      end
    end
    old, young, count = young, {}, 0
  end
end


local function judge(id, entry)
  local before = young[id] or old[id] or false
  local pair, err = parse(entry.body)
  if pair then
    pair.before = before or nil
  else
    log(ngx.ERR, "certificate ", id, " cannot be used",
      before and ", the one before it is shown on: " or ": ", err)
  end
  entry.derived, entry.former, entry.body = pair or before, nil, nil
  return entry.derived
end


-- {chain, key, staple, staple_until, schemes}, or nil.
function _M.get(id)
  local entry = get("certificate", id)
  if not entry then
    young[id], old[id] = nil, nil
    return nil
  end
  local pair = entry.derived
  if pair == nil then
    pair = judge(id, entry)
  end
  if not pair then
    return nil
  end
  if young[id] ~= pair then
    remember(id, pair)
  end
  return pair
end


-- It could be shown: what stood before it is not needed any more.
function _M.approve(pair)
  pair.before = nil
end


-- It could not be shown (a key that does not belong to its chain is seen only then): what to show instead, or nil.
function _M.refuse(id, pair)
  local before = pair.before
  local entry = get("certificate", id)
  if entry and entry.derived == pair then
    entry.derived = before or false
  end
  young[id], old[id] = before, nil
  return before
end

return _M
