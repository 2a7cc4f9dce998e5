-- Fewest attempts under way, for its weight; those that have equally few go in turn, heavier ones more often. Attempts are
-- those of this worker: what others have at an endpoint is not known here, and evens out.
-- phase: balancer, log · yields: no · dicts: none · state: the caller's, see the contract in algorithms.lua

local in_flight = require("ingress.balancer.in_flight")
local richest = require("ingress.balancer.credits").richest
local round_robin = require("ingress.balancer.round_robin")

local _M = {
  started = in_flight.started,
  ended = in_flight.ended,
}


function _M.new(body)
  local state = round_robin.new(body)
  in_flight.new(state)
  return state
end


function _M.sync(state, body)
  in_flight.leave(state)
  round_robin.sync(state, body)
  in_flight.enter(state)
  return state
end


local function pick_equal(state, tried)
  local active, count, names, index = state.active, state.count, state.names, state.index
  local best, fewest = nil, nil
  for _ = 1, count do
    index = index < count and index + 1 or 1
    local at_it = active[index]
    if (not best or at_it < fewest) and not (tried and tried[names[index]]) then
      best, fewest = index, at_it
      if at_it == 0 then
        break
      end
    end
  end
  state.index = best or state.index
  return best
end


local function fewest_for_weight(state, tried)
  local active, names, weights = state.active, state.names, state.weights
  local fewest = nil
  for i = 1, state.count do
    local load = active[i] / weights[i]
    if (not fewest or load < fewest) and not (tried and tried[names[i]]) then
      fewest = load
    end
  end
  return fewest
end


function _M.pick(state, tried)
  if state.equal then
    return pick_equal(state, tried)
  end
  return richest(state, tried, fewest_for_weight(state, tried))
end

return _M
