-- What peers are owed in smooth round robin (round_robin.lua). Only the differences count.
-- phase: balancer · yields: no · dicts: none · state: none; it makes and changes lists of the caller's, which has peers

local random = math.random

local _M = {}


local function sum_of(list)
  local sum = 0
  for i = 1, #list do
    sum = sum + list[i]
  end
  return sum
end


-- Where no turn was yet: each peer is somewhere between two of its own.
function _M.begin(state)
  local credit, sum = {}, sum_of(state.weights)
  for i = 1, state.count do
    credit[i] = (random() - 0.5) * sum
  end
  return credit
end


-- Where peers of equal weights were served in their order, up to the one whose turn was last.
function _M.of_turn(state)
  local count, index, weights = state.count, state.index, state.weights
  local credit = {}
  for i = 1, count do
    credit[i] = (i <= index and index - count or index) * weights[i]
  end
  return credit
end


-- The credit of peers that stay, around 0 and in proportion to the weights that there are now: a newcomer, which begins
-- at 0, must neither be paid what those before it have lost, nor wait for what heavier weights have left to them.
function _M.carry(state, names, weights, credit)
  local kept, sum, stay = {}, 0, 0
  for i = 1, #names do
    kept[names[i]] = credit[i]
  end
  for i = 1, state.count do
    local value = kept[state.names[i]]
    if value then
      sum, stay = sum + value, stay + 1
    end
  end
  local ratio = sum_of(state.weights) / sum_of(weights)
  local carried = {}
  for i = 1, state.count do
    local value = kept[state.names[i]]
    carried[i] = value and (value - sum / stay) * ratio or 0
  end
  return carried
end

-- The richest of those that were not tried, each of which is credited with its weight first; it pays what all of them
-- got. fewest: only those with so much under way for their weight (in_flight.lua), or nil. Nil when none is left.
function _M.richest(state, tried, fewest)
  local active, names, weights, credit = state.active, state.names, state.weights, state.credit
  local best, sum = nil, 0
  for i = 1, state.count do
    if (not fewest or active[i] / weights[i] == fewest) and not (tried and tried[names[i]]) then
      sum = sum + weights[i]
      credit[i] = credit[i] + weights[i]
      if not best or credit[i] > credit[best] then
        best = i
      end
    end
  end
  if best then
    credit[best] = credit[best] - sum
    state.index = best
  end
  return best
end

return _M
