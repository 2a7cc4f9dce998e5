-- The balancer state of a backend in this worker, made at first use, carried over when its endpoints change, and
-- brought up to date in place when the verdicts on them do.
-- phase: rewrite, balancer, log, timer · yields: no · dicts: by way of the reader and of health
-- state: in the reader's cache entries; per worker: states that have to be looked at again

local algorithms = require("ingress.balancer.algorithms")
local births_of = require("ingress.health.births").of
local fit_of = require("ingress.health.fit").of
local name_of = require("ingress.balancer.name")
local reader = require("ingress.reader")
local verdicts = require("ingress.health.verdicts")

local get = reader.get
local log = ngx.log
local ngx = ngx
local now = ngx.now
local pairs = pairs

local _M = {}

-- id → state, of those with checks or a slow start
local watched = {}
-- what verdicts.moved said when they were last looked at
local seen = 0
-- counts changes of states, for who keeps what was read from them
_M.changes = 0


local function names_of(body)
  local names = {}
  for i = 1, #body.endpoints do
    names[i] = name_of(body.endpoints[i])
  end
  return names
end


local function say(state, panic)
  if verdicts.panic(state.id, panic) then
    local text = panic and "too few endpoints are fit, so all of them are used" or "enough endpoints are fit again"
    log(ngx.WARN, "backend ", state.id, ": ", text)
  end
end


-- What algorithms are given: the body with the endpoints that are fit.
local function fit_body(state)
  local body = state.body
  local time = now()
  state.moved = verdicts.moved_of(state.id) -- before they are read: what comes meanwhile is read again
  local births = body.slowStart and births_of(state.id, state.names, body.slowStart)
  local found = fit_of(body, state.names, verdicts.read(state.id, state.names), births, time)
  if found.panic ~= state.panic then
    state.panic = found.panic
    say(state, found.panic)
  end
  state.unfit, state.again, state.sessions, state.trials = found.unfit, found.again, nil, found.trials
  state.dead = found.dead
  return { endpoints = found.endpoints, subsetSize = body.subsetSize }
end


local function needs_watch(body)
  return body.passive ~= nil or body.check ~= nil or body.slowStart ~= nil
end


-- A backend without checks costs nothing more than its algorithm, unless endpoints drain.
local function body_for(state)
  local body = state.body
  if needs_watch(body) then
    watched[state.id] = state
    return fit_body(state)
  end
  watched[state.id], state.moved = nil, nil
  state.unfit, state.again, state.sessions, state.trials, state.panic, state.dead = nil, nil, nil, nil, false, false
  for i = 1, #body.endpoints do
    if body.endpoints[i].draining then
      local found = fit_of(body, state.names, nil, nil, 0)
      return { endpoints = found.endpoints, subsetSize = body.subsetSize }
    end
  end
  return body
end


local function derive(id, entry)
  local body = entry.body
  local state = entry.former
  entry.former = nil
  if #body.endpoints == 0 then
    watched[id] = nil
    return false
  end
  state = state or { id = id } -- `panic` of nil: what was said of it before is not known here
  local algorithm = algorithms[body.algorithm]
  local former = state.algorithm == algorithm and state.picker
  state.body, state.names, state.algorithm = body, names_of(body), algorithm
  -- how attempts end matters: see feedback.lua
  state.measures = algorithm.started ~= nil or body.passive ~= nil
  local fit = body_for(state)
  state.picker = former and algorithm.sync(former, fit) or algorithm.new(fit)
  state.count = state.picker.count
  return state
end


-- {id, body, names, algorithm, picker, count, measures, panic, dead, unfit = set of names that are out or nil, trials =
-- see fit.lua, sessions = the caller's to fill, empty after each change}; or false when the backend is unknown or has no
-- endpoints.
function _M.state(id)
  local entry = get("backend", id)
  if not entry then
    return false
  end
  local state = entry.derived
  if state == nil then
    state = derive(id, entry)
    entry.derived = state
  end
  return state
end


-- Whether there is an endpoint for a route at all.
function _M.serves(route)
  return _M.state(route.backend) or route.failover and _M.state(route.failover)
end


-- Brings a state up to date with the verdicts, in place.
function _M.refresh(state)
  state.algorithm.sync(state.picker, fit_body(state))
  state.count = state.picker.count
  _M.changes = _M.changes + 1
end


-- Whether any worker has found something out since this state was last looked at.
function _M.has_news(state)
  return state.moved ~= nil and verdicts.moved() ~= state.looked
end


-- The same as `state`, with what other workers have found out a moment ago: for requests that have to be looked at
-- anyway.
function _M.fresh(id)
  local state = _M.state(id)
  if state and _M.has_news(state) then
    state.looked = verdicts.moved()
    if verdicts.moved_of(id) ~= state.moved then
      _M.refresh(state)
    end
  end
  return state
end


-- From a timer: verdicts of others, ejections that end, shares of new endpoints.
function _M.tick()
  local moved, time = verdicts.moved(), now()
  for id, state in pairs(watched) do
    local entry = reader.cached("backend", id)
    if not entry or entry.derived ~= state then
      watched[id] = nil
    elseif state.again and time >= state.again or moved ~= seen and verdicts.moved_of(id) ~= state.moved then
      _M.refresh(state)
    end
  end
  seen = moved
end

return _M
