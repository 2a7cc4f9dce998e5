-- Peak EWMA with two choices: of two peers drawn by chance, the one that is likely to answer sooner. That is how long it
-- has taken lately, times what it has to answer first. A slower answer counts at once, a faster one little by little, and
-- what is known of a peer fades while nobody asks it: so one that was slow is asked again. Two choices and not the best
-- of all, or every worker would run to the same peer. Times and attempts are those of this worker.
-- phase: balancer, log · yields: no · dicts: none · state: the caller's, see the contract in algorithms.lua

local draw = require("ingress.balancer.draw")
local in_flight = require("ingress.balancer.in_flight")
local put_peers = require("ingress.balancer.peers").put

local draw_one = draw.untried
local draw_two = draw.two
local exp = math.exp
local max = math.max
local now = ngx.now

-- Seconds in which what is known fades to a third.
local FADING = 10
-- Added to all times, in seconds: clocks here tell milliseconds apart.
local LEAST = 0.001
-- How much of the picture of a peer's failures the last attempt is.
local LAST = 0.2
-- Where all attempts fail, a peer counts as that many times slower than if it had as much to do as the others: else it
-- would look idle, and draw all.
local FAILURE = 10
-- Costs that differ by less are the same: what has faded away must not decide.
local SAME = 0.99

local _M = {
  started = in_flight.started,
}


-- `share`: what an attempt under way weighs at a peer.
local function put(state, body)
  draw.put(state, put_peers(state, body))
  local sum = state.sums[state.count]
  state.share = {}
  for i = 1, state.count do
    state.share[i] = sum / state.count / state.weights[i]
  end
end


-- What is left by now of what was right when the peer last answered. It never grows: the clock may be set back.
local function fade(state, i, time)
  local since = state.since[i]
  if since > time then
    state.since[i] = time
    return 1
  end
  return exp((since - time) / FADING)
end


local function average(state, time)
  local sum = 0
  for i = 1, state.count do
    sum = sum + state.seconds[i] * fade(state, i, time)
  end
  return sum / state.count
end


function _M.new(body)
  local state = { seconds = {}, since = {}, failing = {} }
  put(state, body)
  in_flight.new(state)
  for i = 1, state.count do
    state.seconds[i], state.since[i], state.failing[i] = 0, 0, 0
  end
  return state
end


function _M.sync(state, body)
  local time = now()
  local positions, seconds, since, failing = state.positions, state.seconds, state.since, state.failing
  local usual = average(state, time)
  in_flight.leave(state)
  put(state, body)
  in_flight.enter(state)
  state.seconds, state.since, state.failing = {}, {}, {}
  for i = 1, state.count do
    local before = positions[state.names[i]]
    state.seconds[i] = before and seconds[before] or usual
    state.since[i] = before and since[before] or time
    state.failing[i] = before and failing[before] or 0
  end
  return state
end


local function cost(state, i, time)
  local left = fade(state, i, time)
  local seconds = (state.seconds[i] * left + LEAST) * (state.active[i] * state.share[i] + 1)
  return seconds * (1 + FAILURE * state.failing[i] * left * (1 + state.under_way / state.count))
end


function _M.pick(state, tried)
  local one, other
  if tried then
    one = draw_one(state, tried)
    other = one and draw_one(state, tried, one)
  elseif state.count > 1 then
    one, other = draw_two(state)
  else
    return 1
  end
  if not other then
    return one
  end
  local time = now()
  return cost(state, other, time) < cost(state, one, time) * SAME and other or one
end


function _M.ended(state, name, seconds, failed)
  local i = in_flight.ended(state, name)
  if not i then
    return
  end
  local time = now()
  local left = fade(state, i, time)
  local before, failing = state.seconds[i] * left, state.failing[i] * left * (1 - LAST)
  if failed then
    failing = failing + LAST
    seconds = max(seconds, average(state, time)) -- failing quickly must not look fast
  end
  if seconds < before then
    seconds = before + (seconds - before) * (1 - left)
  end
  state.seconds[i], state.since[i], state.failing[i] = seconds, time, failing > 0.001 and failing or 0
end

return _M
