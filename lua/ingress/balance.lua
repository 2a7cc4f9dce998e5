-- The balancer's phase, of interpreted and compiled locations alike: from the route key in $route to a peer. It
-- cannot answer by itself, so what has no peer is sent to the internal servers that answer 404 and 503.
-- phase: balancer, rewrite (admit) · yields: no · dicts: by way of the reader
-- state: ngx.ctx of the request, only for what another attempt could not find out again

local backends = require("ingress.backends")
local balancer = require("ngx.balancer")
local feedback = require("ingress.feedback")
local identity = require("ingress.identity")
local plain = require("ingress.plain")
local trial = require("ingress.health.trial")

local begin_measuring = feedback.begin
local claim_trial = trial.claim
local choose_canary = require("ingress.canaries").choose
local end_measuring = feedback.failed
local exit = ngx.exit
local find_route = require("ingress.standing_route").find
local fresh = backends.fresh
local get_last_failure = balancer.get_last_failure
local has_identity = identity.is_there
local has_news = backends.has_news
local hears = feedback.hears
local key_of = require("ingress.hash_key").of
local log = ngx.log
local learn = plain.learn
local ngx = ngx
local now = ngx.now
local pick_session = require("ingress.affinity").pick
local plain_routes = plain.routes
local refresh = backends.refresh
local serves = backends.serves
local set_current_peer = balancer.set_current_peer
local set_more_tries = balancer.set_more_tries
local set_timeouts = balancer.set_timeouts
local show_identity = identity.show
local sync = require("ingress.reader").sync
local tidy = feedback.tidy
local tried_peers = require("ingress.tried").peers
local var = ngx.var
local waive_trials = trial.waive

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


-- Address, port, name, and the number in the algorithm's state where it has one; nil when none is left.
local function peer_of(route, state, tried)
  local picker, hash_by = state.picker, state.body.hashBy
  local key = hash_by and key_of(hash_by)
  if route.affinity then
    local address, port, name, i = pick_session(route, state, tried, key)
    if address then
      return address, port, name, i
    end
  end
  local i = state.algorithm.pick(picker, tried, key)
  if not i then
    return nil
  end
  return picker.addresses[i], picker.ports[i], picker.names[i], i
end


-- An ejected endpoint that this request shall try, as address, port, name; or nil.
local function trial_of(route, state)
  if not route.affinity and hears() then
    return claim_trial(state)
  end
  if waive_trials(state) then
    refresh(state)
  end
  return nil
end


-- The same among all who are asked, and whose it is. While a failover is asked first, the backend's own endpoints come
-- back only if somebody tries them.
local function any_trial(route, state, spare)
  local own = spare and state.id == route.failover and spare or state
  local address, port, name
  if own.trials then
    address, port, name = trial_of(route, own)
  end
  if not address and own ~= state and state.trials then
    own, address, port, name = state, trial_of(route, state)
  end
  return own, address, port, name
end


-- Sends the request to a peer that was not tried. `spare`: the state of who stands in when all were, or nil. `more`:
-- nginx may come back for another attempt. Says whether it may.
local function attempt(route, state, spare, tried, more)
  local before = state
  local own, address, port, name, i
  if not tried and (state.trials or spare and spare.trials) then
    own, address, port, name = any_trial(route, state, spare)
  end
  local tries_it = address ~= nil
  if tries_it then
    state = own
  else
    address, port, name, i = peer_of(route, state, tried)
  end
  if not address and spare then
    state = spare
    address, port, name, i = peer_of(route, state, tried)
  end
  if not address then -- there are fewer now than when they were tried
    state = before
    address, port, name, i = peer_of(route, state)
  end
  if not i and not tried and route.tries ~= 1 then -- an endpoint beside those that are counted
    more = true
  end
  if more then
    set_more_tries(1)
  end
  local timeouts = route.timeouts
  if timeouts then
    set_timeouts(timeouts.connect, timeouts.send, timeouts.read)
  end
  if state.measures and hears() then
    begin_measuring(state, i, name, tries_it)
  end
  send_to(address, port)
  return more
end


-- Who is asked first, and who then: states, the latter or nil. The route's failover is first only when no endpoint of
-- the backend is fit.
local function levels(route, backend)
  local state, spare = fresh(backend), route.failover and fresh(route.failover) or nil
  if spare and (not state or state.panic and not spare.panic) then
    return spare, state or nil
  end
  return state, spare
end


local function first()
  local route, status = find_route()
  if not route then
    return send_away(status)
  end
  if route.denied or not serves(route) then
    return send_to(unavailable)
  end
  if route.identity and not show_identity(route.identity) then
    return send_to(unavailable)
  end
  local backend = route.backend
  if route.canaries then
    backend = choose_canary(route) or backend
  end
  local state, spare = levels(route, backend)
  local attempts = attempts_of(route, state.count + (spare and spare.count or 0))
  if attempt(route, state, spare, nil, attempts > 1) then
    remember(route, backend)
  end
  learn(route, state, attempts)
end


-- The whole of it for most requests. False: there is more to it.
local function go_plainly()
  local route = plain_routes(sync())[var.route]
  if not route then
    return false
  end
  local measured = route.measured
  if measured and has_news(measured) then
    return false
  end
  local picker, hash_by = route.picker, route.hash_by
  local peer = route.pick(picker, nil, hash_by and key_of(hash_by))
  if not peer then
    return false
  end
  if route.more then
    set_more_tries(1)
  end
  if measured then
    begin_measuring(measured, peer, picker.names[peer], false)
  end
  send_to(picker.addresses[peer], picker.ports[peer])
  return true
end


local function untried(state, tried)
  local names, count = state.picker.names, 0
  for i = 1, #names do
    if not tried[names[i]] then
      count = count + 1
    end
  end
  return count
end


-- The route may have changed since: then the new one decides, as it would have done a moment later.
local function again(kind, failed_with)
  sync()
  end_measuring(kind, failed_with)
  local route, status = find_route()
  if not route then
    return send_away(status)
  end
  local ctx = ngx.ctx
  if ctx.deadline and now() >= ctx.deadline then
    return send_to(out_of_time)
  end
  if route.denied or not serves(route) or route.identity and not show_identity(route.identity) then
    return send_to(unavailable)
  end
  local state, spare = levels(route, ctx.backend or route.backend)
  if not state then -- what was asked first is gone, and nobody stands in for it
    state = fresh(route.backend)
  end
  if not state then
    return send_to(unavailable)
  end
  if spare == state then
    spare = nil
  end
  local tried, count = tried_peers()
  local left = untried(state, tried) + (spare and untried(spare, tried) or 0)
  attempt(route, state, spare, tried, count + 1 < attempts_of(route, count + left))
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
  if route.denied or not known or not serves(route) then
    return exit(503)
  end
end


function _M.run()
  local kind, status = get_last_failure()
  if kind then
    return again(kind, status)
  end
  tidy()
  return go_plainly() or first()
end

return _M
