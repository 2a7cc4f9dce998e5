-- The interpreter's short way, for requests that go on from the location where they are: those of routes that ask for
-- no other directives than the standard ones, and to which nothing has to be answered. It runs in set_by_lua, which costs
-- neither a coroutine nor an internal redirect, and cannot answer: whatever is not plain is left to route.lua.
-- phase: rewrite (set_by_lua) · yields: no · dicts: by way of the reader
-- state: per worker, for one version: what is known of routes; no more than there are of them

local backends = require("ingress.backends")
local rewrite = require("ingress.rewrite")
local router = require("ingress.router")

local http_version = ngx.req.http_version
local match = router.match
local sync = require("ingress.reader").sync
local tonumber = tonumber
local var = ngx.var

-- what the location's own directives are, without a limit on bodies
local profile = nil

local known, version = {}, nil

local _M = {}


function _M.start(name)
  profile = name
end


-- The route's key, and {shard, bodySize, sslRedirect, rewrite}, or false: there is more to it.
local function learn(host, uri)
  local key, entry = router.find(host, uri)
  if not entry then
    return nil, false
  end
  local route = entry.body
  local special = route.denied or route.identity or route.unlimitedProfile ~= profile
  local goes = false
  if not special and backends.serves(route) then
    goes = {
      shard = route.shard,
      bodySize = route.bodySize,
      sslRedirect = route.sslRedirect,
      rewrite = route.rewrite,
    }
  end
  known[key] = goes
  return key, goes
end


-- Lua checks what is announced; what is not, nginx has to count. HTTP/2 streams a body without saying so.
local function is_within(size)
  local length = var.content_length
  if length then
    return tonumber(length) <= size
  end
  return http_version() < 2 and var.http_transfer_encoding == nil
end


-- The upstream block to pass the request to, its route in $route; or "".
function _M.run()
  local v = sync()
  if v ~= version then
    known, version = {}, v
  end
  local host, uri = var.host, var.uri
  local key = match(host, uri)
  if not key then
    return ""
  end
  local route = known[key]
  if route == nil then
    key, route = learn(host, uri)
  end
  if not route or route.sslRedirect and var.pass_access_scheme == "http" then
    return ""
  end
  if route.bodySize > 0 and not is_within(route.bodySize) then
    return ""
  end
  if route.rewrite and not rewrite.apply(route.rewrite) then
    return ""
  end
  var.route = key
  return route.shard
end

return _M
