-- Peers drawn by chance, each as likely as it is heavy.
-- phase: balancer · yields: no · dicts: none · state: the caller's, with peers in it (peers.lua)

local random = math.random

local _M = {}


-- After each change of the peers. `equal`: as peers.lua has said. `sums`: of the weights up to each peer.
function _M.put(state, equal)
  local weights, sums, sum = state.weights, {}, 0
  for i = 1, state.count do
    sum = sum + weights[i]
    sums[i] = sum
  end
  state.equal, state.sums = equal, sums
end


-- The first peer whose sum is above the mark.
local function at(sums, count, mark)
  local low, high = 1, count
  while low < high do
    local middle = (low + high - (low + high) % 2) / 2
    if sums[middle] > mark then
      high = middle
    else
      low = middle + 1
    end
  end
  return low
end


-- Two of at least two, never the same.
function _M.two(state)
  local count = state.count
  if state.equal then
    local one, other = random(count), random(count - 1)
    return one, other < one and other or other + 1
  end
  local sums = state.sums
  local one = at(sums, count, random() * sums[count])
  local weight = state.weights[one]
  local mark = random() * (sums[count] - weight)
  if mark >= sums[one] - weight then
    mark = mark + weight
  end
  return one, at(sums, count, mark)
end


-- One of those that were not tried, nor are `other`; nil: there is none.
function _M.untried(state, tried, other)
  local names, weights = state.names, state.weights
  local drawn, sum = nil, 0
  for i = 1, state.count do
    if i ~= other and not tried[names[i]] then
      sum = sum + weights[i]
      if random() * sum < weights[i] then
        drawn = i
      end
    end
  end
  return drawn
end

return _M
