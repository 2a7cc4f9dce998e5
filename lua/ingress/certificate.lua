-- Shows the certificates of the host that the client names by SNI: the host's own, else those of the wildcard above
-- it, else those of every other host, else the default one of the settings, else the static one of the files. A host
-- may have one of each key type: OpenSSL keeps them apart and picks what the client can use.
-- phase: ssl_certificate · yields: no · dicts: by way of the reader · state: none, see parsed.lua

local default_certificate = require("ingress.default_certificate")
local parsed = require("ingress.parsed")
local reader = require("ingress.reader")
local router = require("ingress.router")
local ssl = require("ngx.ssl")
local staple = require("ingress.staple")

local approve = parsed.approve
local clear_certs = ssl.clear_certs
local get = reader.get
local log = ngx.log
local lower = string.lower
local pair_of = parsed.get
local refuse = parsed.refuse
local set_cert = ssl.set_cert
local set_priv_key = ssl.set_priv_key
local show_staple = staple.show
local sub = string.sub

local _M = {}


local function set(pair, beside)
  local ok, err = true, nil
  if not beside then
    ok, err = clear_certs()
  end
  if ok then
    ok, err = set_cert(pair.chain)
  end
  if ok then
    ok, err = set_priv_key(pair.key)
  end
  return ok, err
end


-- The pair that is shown, or nil. @param beside: what was shown before it stays.
local function show(id, beside)
  local pair = pair_of(id)
  while pair do
    local ok, err = set(pair, beside)
    if ok then
      if pair.before then
        approve(pair)
      end
      return pair
    end
    log(ngx.ERR, "certificate ", id, " cannot be shown: ", err)
    pair = refuse(id, pair)
  end
  return nil
end


local function show_host(entry)
  local body = entry and entry.body
  if not body or not body.certificate then
    return false
  end
  local first, second, more = show(body.certificate, false), nil, false
  local others = body.otherCertificates
  if others then
    for i = 1, #others do
      local pair = show(others[i], first ~= nil)
      if not first then
        first = pair
      elseif pair then
        more = second ~= nil
        second = second or pair
      end
    end
  end
  if not first then
    return false
  end
  show_staple(first, second, more)
  return true
end


local function show_default()
  local settings = reader.settings()
  local id = settings and settings.defaultCertificate
  local pair = id and show(id, false)
  if pair then
    return show_staple(pair, nil, false)
  end
  pair = default_certificate.get()
  if pair then
    local ok, err = set(pair, false)
    if not ok then
      log(ngx.ERR, "the default certificate of the files cannot be shown: ", err)
    end
  end
end


function _M.run()
  reader.sync()
  local name = ssl.server_name()
  if name and #name < 254 then
    name = lower(name)
    if sub(name, -1) == "." then
      name = sub(name, 1, -2)
    end
    if show_host(get("host", name)) or show_host(router.wildcard(name)) then
      return
    end
  end
  if not show_host(get("host", "*")) then
    show_default()
  end
end

return _M
