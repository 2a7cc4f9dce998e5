-- Shows the certificate of the host that the client names by SNI: the host's own, else that of the wildcard above
-- it, else that of every other host, else the default one of the settings, else the static one of the files. Parsed
-- once per worker and document: parsing in each handshake costs more than the handshake.
-- phase: ssl_certificate · yields: no · dicts: by way of the reader · state: parsed ones in its cache entries

local reader = require("ingress.reader")
local router = require("ingress.router")
local ssl = require("ngx.ssl")

local get = reader.get
local log = ngx.log
local lower = string.lower
local sub = string.sub

local _M = {}


local function parse(body)
  local chain, err = ssl.parse_pem_cert(body.chain)
  if not chain then
    return nil, err
  end
  local key, key_err = ssl.parse_pem_priv_key(body.key)
  if not key then
    return nil, key_err
  end
  return { chain = chain, key = key }
end


-- Cache entry with `derived` = {chain, key}, or nil. A bad one is told once and then counts as absent.
local function parsed(id)
  local entry = id and get("certificate", id)
  if not entry then
    return nil
  end
  if entry.derived == nil then
    local pair, err = parse(entry.body)
    entry.derived, entry.former, entry.body = pair or false, nil, nil
    if err then
      log(ngx.ERR, "certificate ", id, " cannot be used: ", err)
    end
  end
  return entry.derived and entry
end


local function of_host(entry)
  return entry and parsed(entry.body.certificate)
end


local function find(name)
  local entry = nil
  if name and #name < 254 then
    name = lower(name)
    if sub(name, -1) == "." then
      name = sub(name, 1, -2)
    end
    entry = of_host(get("host", name)) or of_host(router.wildcard(name))
  end
  if not entry then
    local settings = reader.settings()
    entry = of_host(get("host", "*")) or (settings and parsed(settings.defaultCertificate))
  end
  return entry
end


local function show(entry)
  local pair = entry.derived
  local ok, err = ssl.clear_certs()
  if ok then
    ok, err = ssl.set_cert(pair.chain)
  end
  if ok then
    ok, err = ssl.set_priv_key(pair.key)
  end
  return ok, err
end


function _M.run()
  reader.sync()
  local entry = find(ssl.server_name())
  if not entry then
    return
  end
  local ok, err = show(entry)
  if ok then
    return
  end
  -- a key that does not belong to its chain shows only now
  entry.derived = false
  log(ngx.ERR, "a certificate cannot be shown: ", err)
  local settings = reader.settings()
  local default = settings and parsed(settings.defaultCertificate)
  if default then
    show(default)
  end
end

return _M
