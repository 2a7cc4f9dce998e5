-- Highest random weight: a key gives each endpoint a score that nothing but the two decides, and the highest wins. When
-- an endpoint leaves, exactly its keys go elsewhere; a new one takes exactly those that it wins. There is no ring to
-- build, and nothing to agree on: two workers, or two gateways, need only know the same names, in any order.
-- phase: balancer · yields: no · dicts: none · state: the caller's, with peers in it (peers.lua)

local bit = require("bit")
local of = require("ingress.balancer.hash").of

local bxor = bit.bxor
local log = math.log
local lshift = bit.lshift
local rshift = bit.rshift
local tobit = bit.tobit

local _M = {}


-- After each change of the peers. `equal`: as peers.lua has said.
function _M.put(state, equal)
  local names, seeds = state.names, {}
  for i = 1, state.count do
    seeds[i] = of(names[i])
  end
  state.seeds, state.equal_weights = seeds, equal
end


-- The middle of hash.mix, which is enough where both are mixed already; of products, the low 32 bits.
local function score(key, seed)
  local x = bxor(key, seed)
  x = tobit(x * 0xca6b + lshift(tobit(x * 0x85eb), 16))
  x = bxor(x, rshift(x, 13))
  return tobit(x * 0xae35 + lshift(tobit(x * 0xc2b2), 16))
end


-- A peer of weight w wins w times as often as one of 1, and no key moves between peers whose weights become equal.
local function weigh(plain, weight)
  return weight / -log((plain + 2147483648.5) / 4294967296)
end


-- What peer i scores with a key: comparable for one key and one state.
function _M.score(state, key, i)
  local plain = score(key, state.seeds[i])
  return state.equal_weights and plain or weigh(plain, state.weights[i])
end


local function best_of_equal(seeds, count, key)
  local best, highest = 1, score(key, seeds[1])
  for i = 2, count do
    local reached = score(key, seeds[i])
    if reached > highest then
      best, highest = i, reached
    end
  end
  return best
end


-- The key's peer among those that were not tried (a set of names, or nil) and are allowed (a set of positions, or nil:
-- all); nil: there is none.
function _M.best(state, tried, key, allowed)
  if state.equal_weights and not tried and not allowed then
    return best_of_equal(state.seeds, state.count, key)
  end
  local names = state.names
  local best, highest = nil, nil
  for i = 1, state.count do
    if not (tried and tried[names[i]]) and (not allowed or allowed[i]) then
      local reached = _M.score(state, key, i)
      if not best or reached > highest then
        best, highest = i, reached
      end
    end
  end
  return best
end

return _M
