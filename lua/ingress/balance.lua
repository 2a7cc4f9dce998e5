-- The balancer's phase, of interpreted and compiled locations alike: from the route key in $route to a peer. It
-- cannot answer by itself, so what has no peer is sent to the internal servers that answer 404 and 503.
-- phase: balancer, rewrite (admit) · yields: no · dicts: by way of the reader
-- state: ngx.ctx of the request, only when another attempt may follow: which backend, which peers were tried

local backends = require("ingress.backends")
local balancer = require("ngx.balancer")
local canaries = require("ingress.canaries")
local identity = require("ingress.identity")
local reader = require("ingress.reader")
local router = require("ingress.router")

local get = reader.get
local exit = ngx.exit
local get_last_failure = balancer.get_last_failure
local has_identity = identity.is_there
local log = ngx.log
local match = string.match
local ngx = ngx
local now = ngx.now
local set_current_peer = balancer.set_current_peer
local set_more_tries = balancer.set_more_tries
local set_timeouts = balancer.set_timeouts
local show_identity = identity.show
local tonumber = tonumber
local var = ngx.var

local not_found, unavailable, out_of_time

local _M = {}


local function send_to(address, port)
  local ok, err = set_current_peer(address, port)
  if not ok then
    log(ngx.ERR, "cannot set the peer ", address, ": ", err)
  end
end


local function send_to_peer(peer, timeouts)
  if timeouts then
    set_timeouts(timeouts.connect, timeouts.send, timeouts.read)
  end
  send_to(peer.address, peer.port)
end


-- What the new route asks before it is reached cannot be made up for here: such a request is not taken along.
local function may_take(route)
  if route.sslRedirect and var.pass_access_scheme == "http" then
    return false
  end
  local length = tonumber(var.content_length)
  return not length or route.bodySize == 0 or length <= route.bodySize
end


-- What the files of this worker say may be out of date: a key may have left since a request was matched, minutes
-- ago for a slow upload, or stay in a compiled location whose host is gone; and a location may be of older paths of
-- its host. What is in force for this URI now decides. Where a redirect is wanted now, the older location serves on.
-- Nil and where to go instead, when this URI cannot be what the endpoints shall be asked for.
local function match_again(entry)
  if var.rewritten == "1" then -- the URI is not the one that was matched
    return entry and entry.body, unavailable
  end
  local key, path, status = router.match(var.host, var.uri)
  local current = key and get("route", key)
  if status == 503 or current and current.body.rewrite then
    return nil, unavailable
  end
  if entry then
    return current and current.body or path and entry.body
  end
  return current and may_take(current.body) and current.body
end


-- Blocks of one protocol without an identity are as good as each other; of the others each is for itself.
local function sort_of(shard)
  return match(shard, "^(%l+)_%d%d?$") or shard
end


-- A location has the directives of one protocol and one identity. Compiled ones of plain HTTP name no block here.
local function speaks_for(route)
  local shard = var.shard
  return sort_of(route.shard) == (shard and shard ~= "" and sort_of(shard) or "shard")
end


local function find_route()
  local key = var.route
  local entry = key and key ~= "" and get("route", key)
  if entry and not entry.body.stale then
    return entry.body
  end
  local route, instead = match_again(entry)
  if route and not speaks_for(route) then
    return nil, unavailable
  end
  return route, instead
end


-- Attempts in all; 0 in the document: as many as there are endpoints.
local function attempts_of(route, count)
  local tries = route.tries
  return (tries == 0 or tries > count) and count or tries
end


local function first()
  reader.sync()
  local route, instead = find_route()
  if not route then
    return send_to(instead or not_found)
  end
  local state = not route.denied and backends.state(route.backend)
  if not state then
    return send_to(unavailable)
  end
  if route.identity and not show_identity(route.identity) then
    return send_to(unavailable)
  end
  local backend = route.backend
  if route.canaries then
    backend = canaries.choose(route) or backend
    state = backends.state(backend)
  end
  local peer = state.algorithm.pick(state.picker)
  local attempts = attempts_of(route, state.count)
  if attempts > 1 then
    set_more_tries(1)
    local ctx = ngx.ctx
    ctx.backend, ctx.peer, ctx.left = backend, peer, attempts - 2
    ctx.timeouts = route.timeouts
    ctx.deadline = route.triesTimeout and route.triesTimeout > 0 and now() + route.triesTimeout
  end
  send_to_peer(peer, route.timeouts)
end


local function again()
  local ctx = ngx.ctx
  local deadline = ctx.deadline
  if deadline and now() >= deadline then
    return send_to(out_of_time)
  end
  local state = backends.state(ctx.backend)
  if not state then
    return send_to(unavailable)
  end
  local tried = ctx.tried or {}
  ctx.tried = tried
  tried[ctx.peer.name] = true
  local pick, picker = state.algorithm.pick, state.picker
  local peer = pick(picker, tried) or pick(picker)
  ctx.peer = peer
  if ctx.left > 0 then
    ctx.left = ctx.left - 1
    set_more_tries(1)
  end
  send_to_peer(peer, ctx.timeouts)
end


function _M.start(prefix)
  not_found = "unix:" .. prefix .. "/run/404.sock"
  unavailable = "unix:" .. prefix .. "/run/503.sock"
  -- nobody listens there: the attempt fails at once with 502, as nginx's own limit of time would end
  out_of_time = "unix:" .. prefix .. "/run/next-upstream-timeout.sock"
end


-- rewrite_by_lua of compiled locations whose endpoints speak something else than plain HTTP: what the internal servers
-- answer otherwise is answered here, since they do not speak it.
function _M.admit()
  reader.sync()
  local route, instead = find_route()
  if not route then
    return exit(instead == unavailable and 503 or 404)
  end
  local known = route.identity == nil or has_identity(route.identity)
  if route.denied or not known or not backends.state(route.backend) then
    return exit(503)
  end
end


function _M.run()
  if get_last_failure() then
    return again()
  end
  return first()
end

return _M
