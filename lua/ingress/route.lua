-- The interpreter's phase, in the default server only: finds the route, answers what needs no upstream, and goes on
-- to the named location that has the directives of the route's profile. That location keeps variables, and nginx
-- does not check Content-Length there any more, so it is checked here.
-- phase: rewrite · yields: no · dicts: by way of the reader · state: per worker: the profiles of its files

local backends = require("ingress.backends")
local reader = require("ingress.reader")
local rewrite = require("ingress.rewrite")
local router = require("ingress.router")

local exec = ngx.exec
local exit = ngx.exit
local has_identity = require("ingress.identity").is_there
local http_version = ngx.req.http_version
local redirect = ngx.redirect
local sub = string.sub
local tonumber = tonumber
local var = ngx.var

local locations = {}

local _M = {}


local function redirect_to_slash(path)
  local args = var.args
  return redirect(var.scheme .. "://" .. var.host .. path .. (args and "?" .. args or ""), 301)
end


-- As ingress-nginx does it: without the query, and to the host as the client wrote it.
local function redirect_to_root(path)
  return redirect(var.scheme .. "://" .. (var.http_host or var.host) .. path, 302)
end


local function answer(path, status)
  if status == 301 then
    return redirect_to_slash(path)
  elseif status == 302 then
    return redirect_to_root(path)
  end
  return exit(status)
end


local function needs_tls(settings)
  if var.pass_access_scheme ~= "http" then
    return false
  end
  local uri, exempt = var.uri, settings.noTlsRedirectLocations
  for i = 1, #exempt do
    if sub(uri, 1, #exempt[i]) == exempt[i] then
      return false
    end
  end
  return true
end


-- As ingress-nginx does it: without the port, and without one slash at the end.
local function redirect_to_tls(settings)
  local uri = var.request_uri
  if sub(uri, -1) == "/" then
    uri = sub(uri, 1, -2)
  end
  return redirect("https://" .. var.host .. uri, settings.httpRedirectCode)
end


-- Is the length of the body known before it is read? HTTP/2 streams a body without saying so.
local function has_known_length(length)
  if length then
    return true
  end
  if http_version() < 2 then
    return var.http_transfer_encoding == nil
  end
  local method = var.request_method
  return method == "GET" or method == "HEAD"
end


-- The named location to go on to; nil when only a compile can provide it. What cannot be measured yet is served.
local function location_of(route, length)
  local location = locations[route.profile]
  if not location and has_known_length(length) then
    location = locations[route.unlimitedProfile] or locations[route.unmeasuredProfile or ""]
  end
  return location
end


function _M.start(profiles)
  for i = 1, #profiles do
    locations[profiles[i]] = "@" .. profiles[i]
  end
end


function _M.run()
  reader.sync()
  local key, entry, path, status = router.find(var.host, var.uri)
  if status then
    return answer(path, status)
  end
  if not entry then
    return exit(404)
  end
  local route = entry.body
  if route.denied then
    return exit(503)
  end
  if route.sslRedirect then
    local settings = reader.settings()
    if settings and needs_tls(settings) then
      return redirect_to_tls(settings)
    end
  end
  local length = var.content_length
  if length and route.bodySize > 0 and tonumber(length) > route.bodySize then
    return exit(413)
  end
  if not backends.serves(route) or route.identity and not has_identity(route.identity) then
    return exit(503)
  end
  local location = location_of(route, length)
  if not location then
    return exit(503)
  end
  if route.rewrite and not rewrite.apply(route.rewrite) then
    return exit(503)
  end
  var.route = key
  var.shard = route.shard
  return exec(location)
end

return _M
