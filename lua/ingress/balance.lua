-- The balancer's phase, of interpreted and compiled locations alike: from the route key in $route to a peer. It
-- cannot answer by itself, so what has no peer is sent to the internal servers that answer 404 and 503.
-- phase: balancer, rewrite (admit) · yields: no · dicts: by way of the reader
-- state: ngx.ctx of the request, only for what another attempt could not find out again

local backends = require("ingress.backends")
local balancer = require("ngx.balancer")
local canaries = require("ingress.canaries")
local identity = require("ingress.identity")
local plain = require("ingress.plain")
local reader = require("ingress.reader")
local rewritten = require("ingress.rewrite").rewritten
local router = require("ingress.router")

local get = reader.get
local exit = ngx.exit
local get_last_failure = balancer.get_last_failure
local has_identity = identity.is_there
local log = ngx.log
local learn = plain.learn
local match = string.match
local ngx = ngx
local now = ngx.now
local plain_routes = plain.routes
local set_current_peer = balancer.set_current_peer
local set_more_tries = balancer.set_more_tries
local set_timeouts = balancer.set_timeouts
local show_identity = identity.show
local sync = reader.sync
local tried_peers = require("ingress.tried").peers
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


-- What the new route asks before it is reached cannot be made up for here: such a request is not taken along.
local function may_take(route)
  if route.sslRedirect and var.pass_access_scheme == "http" then
    return false
  end
  local length = tonumber(var.content_length)
  return not length or route.bodySize == 0 or length <= route.bodySize
end


-- What endpoints are asked for by a route.
local function asked_as(route, uri)
  if route.rewrite then
    return (rewritten(route.rewrite, uri))
  end
  return uri
end


-- What the files of this worker say may be out of date: a key may have left since a request was matched, minutes
-- ago for a slow upload, or stay in a compiled location whose host is gone; and a location may be of older paths of
-- its host. What is in force for this URI now decides. Where a redirect is wanted now, the older location serves on.
-- Nil and where to go instead, when endpoints would now be asked for another URI than this request has by now: it
-- cannot be rewritten here.
local function match_again(entry)
  local uri, before = var.uri, var.rewritten
  local original = before and before ~= "" and before or uri
  local _, current, path, status = router.find(var.host, original)
  if status == 503 or current and asked_as(current.body, original) ~= uri then
    return nil, unavailable
  end
  if entry then
    return current and current.body or path and entry.body
  end
  return current and may_take(current.body) and current.body
end


-- Blocks of one protocol without an identity are as good as each other; of the others each is for itself.
local function sort_of(shard)
  return match(shard, "^%x%x_(%l+)_*$") or match(shard, "^(%l+)_%d%d?$") or shard
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


-- What another attempt could not find out again. Most routes have nothing of the sort: a table for each request is
-- what their balancing would cost most.
local function remember(route, backend)
  local timeout = route.triesTimeout
  local limited = timeout and timeout > 0
  if backend ~= route.backend or limited then
    local ctx = ngx.ctx
    ctx.backend = backend
    ctx.deadline = limited and now() + timeout
  end
end


-- Sends the request to the state's next peer that was not tried, and says whether nginx may come back. `count`: of
-- attempts before this one.
local function attempt(route, state, tried, count)
  local pick, picker = state.algorithm.pick, state.picker
  local peer = pick(picker, tried)
  if not peer then -- all were tried, since there are fewer now
    peer = pick(picker)
  end
  local more = count + 1 < attempts_of(route, state.count)
  if more then
    set_more_tries(1)
  end
  local timeouts = route.timeouts
  if timeouts then
    set_timeouts(timeouts.connect, timeouts.send, timeouts.read)
  end
  send_to(peer.address, peer.port)
  return more
end


local function first()
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
  if attempt(route, state, nil, 0) then
    remember(route, backend)
  end
  learn(route, state, attempts_of(route, state.count))
end


-- The whole of it for most requests. False: there is more to it.
local function go_plainly()
  local route = plain_routes(sync())[var.route]
  local peer = route and route.pick(route.picker)
  if not peer then
    return false
  end
  if route.more then
    set_more_tries(1)
  end
  send_to(peer.address, peer.port)
  return true
end


-- The route may have changed since: then the new one decides, as it would have done a moment later.
local function again()
  reader.sync()
  local route, instead = find_route()
  if not route then
    return send_to(instead or not_found)
  end
  local ctx = ngx.ctx
  if ctx.deadline and now() >= ctx.deadline then
    return send_to(out_of_time)
  end
  local state = not route.denied and backends.state(ctx.backend or route.backend)
  if not state or route.identity and not show_identity(route.identity) then
    return send_to(unavailable)
  end
  attempt(route, state, tried_peers())
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
  return go_plainly() or first()
end

return _M
