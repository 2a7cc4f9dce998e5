-- Round robin, smooth when weights differ: each pick raises every peer's credit by its weight, takes the richest
-- and makes it pay the sum, so shares are exact over one cycle and heavy peers are not picked in a row (the method
-- of nginx's own round robin). Workers begin at a random place, or they would all begin with the first peer.
-- phase: balancer · yields: no · dicts: none · state: the caller's, see the contract in algorithms.lua

local credits = require("ingress.balancer.credits")
local put_peers = require("ingress.balancer.peers").put

local random = math.random
local richest = credits.richest

local _M = {}


function _M.new(body)
  local state = { index = 0 }
  state.equal = put_peers(state, body)
  state.index = random(state.count)
  state.credit = credits.begin(state)
  return state
end


-- Whose turn was last, or, where that one is gone, the nearest before it: what would have been next is.
local function turn(names, index, state)
  local positions = {}
  for i = 1, state.count do
    positions[state.names[i]] = i
  end
  for i = index, 1, -1 do
    local position = positions[names[i]]
    if position then
      return position
    end
  end
  return 0
end


function _M.sync(state, body)
  local names, weights = state.names, state.weights
  local credit = state.equal and credits.of_turn(state) or state.credit
  state.equal = put_peers(state, body)
  state.index = turn(names, state.index, state)
  state.credit = credits.carry(state, names, weights, credit)
  return state
end


local function pick_equal(state, tried)
  local count, index = state.count, state.index
  if not tried then -- without a loop, which LuaJIT would compile as a trace of its own
    index = index < count and index + 1 or 1
    state.index = index
    return index
  end
  local names = state.names
  for _ = 1, count do
    index = index < count and index + 1 or 1
    if not tried[names[index]] then
      state.index = index
      return index
    end
  end
  return nil
end


function _M.pick(state, tried)
  if state.equal then
    return pick_equal(state, tried)
  end
  return richest(state, tried)
end

return _M
