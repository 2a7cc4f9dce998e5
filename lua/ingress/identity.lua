-- What endpoints are shown that ask for our certificate: chain and key go from the document into variables that the
-- directives of the location name. nginx parses them for each new connection, and would write a key that it cannot
-- read into its log, so both are parsed here once before.
-- phase: rewrite, balancer · yields: no · dicts: by way of the reader · state: in the reader's cache entries

local get = require("ingress.reader").get
local ssl = require("ngx.ssl")

local log = ngx.log
local ngx = ngx
local var = ngx.var

local _M = {}


local function derive(id, body)
  local chain, err = ssl.parse_pem_cert(body.chain)
  local key, key_err
  if chain then
    key, key_err = ssl.parse_pem_priv_key(body.key)
  end
  if not key then
    log(ngx.ERR, "identity ", id, " cannot be shown to endpoints: ", err or key_err)
    return false
  end
  return { chain = "data:" .. body.chain, key = "data:" .. body.key }
end


local function texts_of(id)
  local entry = get("identity", id)
  if not entry then
    return false
  end
  local texts = entry.derived
  if texts == nil then
    texts = derive(id, entry.body)
    entry.derived, entry.former = texts, nil
  end
  return texts
end


function _M.is_there(id)
  return texts_of(id) ~= false
end


-- For the connection that this request may open. False: there is nothing to show, so it must not be opened.
function _M.show(id)
  local texts = texts_of(id)
  if not texts then
    return false
  end
  var.identity_chain = texts.chain
  var.identity_key = texts.key
  return true
end

return _M
