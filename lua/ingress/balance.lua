-- The balancer's phase, of interpreted and compiled locations alike: from the route key in $route to a peer. It
-- cannot answer by itself, so what has no peer is sent to the internal servers that answer 404 and 503.
-- phase: balancer, rewrite (admit) · yields: no · dicts: by way of the reader
-- state: ngx.ctx of the request, only for what another attempt could not find out again

local backends = require("ingress.backends")
local balancer = require("ngx.balancer")
local canaries = require("ingress.canaries")
local identity = require("ingress.identity")
local plain = require("ingress.plain")

local exit = ngx.exit
local find_route = require("ingress.standing_route").find
local get_last_failure = balancer.get_last_failure
local has_identity = identity.is_there
local log = ngx.log
local learn = plain.learn
local ngx = ngx
local now = ngx.now
local plain_routes = plain.routes
local set_current_peer = balancer.set_current_peer
local set_more_tries = balancer.set_more_tries
local set_timeouts = balancer.set_timeouts
local show_identity = identity.show
local sync = require("ingress.reader").sync
local tried_peers = require("ingress.tried").peers
local var = ngx.var

local not_found, unavailable, out_of_time

local _M = {}


local function send_to(address, port)
  local ok, err = set_current_peer(address, port)
  if not ok then
    log(ngx.ERR, "cannot set the peer ", address, ": ", err)
  end
end


local function send_away(status)
  return send_to(status == 503 and unavailable or not_found)
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
  -- where all were tried, there are fewer now
  local peer = pick(picker, tried) or pick(picker)
  local more = count + 1 < attempts_of(route, state.count)
  if more then
    set_more_tries(1)
  end
  local timeouts = route.timeouts
  if timeouts then
    set_timeouts(timeouts.connect, timeouts.send, timeouts.read)
  end
  send_to(picker.addresses[peer], picker.ports[peer])
  return more
end


local function first()
  local route, status = find_route()
  if not route then
    return send_away(status)
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
  if not route then
    return false
  end
  local picker = route.picker
  local peer = route.pick(picker)
  if not peer then
    return false
  end
  if route.more then
    set_more_tries(1)
  end
  send_to(picker.addresses[peer], picker.ports[peer])
  return true
end


-- The route may have changed since: then the new one decides, as it would have done a moment later.
local function again()
  sync()
  local route, status = find_route()
  if not route then
    return send_away(status)
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
  sync()
  local route, status = find_route()
  if not route then
    return exit(status)
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
