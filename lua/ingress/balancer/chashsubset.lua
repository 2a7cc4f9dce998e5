-- Consistent hash onto several: a key has as many endpoints as the backend's `subsetSize` says, those that it scores
-- highest with, and its requests are spread over them by chance. An endpoint that leaves
-- changes only the subsets that had it, each by one. Requests without a key go in turn over all.
-- phase: balancer · yields: no · dicts: none · state: the caller's, see the contract in algorithms.lua

local known_keys = require("ingress.balancer.known_keys")
local rendezvous = require("ingress.balancer.rendezvous")
local round_robin = require("ingress.balancer.round_robin")

local best = rendezvous.best
local exp = math.exp
local find = known_keys.find
local in_turn = round_robin.pick
local min = math.min
local random = math.random
local score_of = rendezvous.score

local _M = {}


-- Of each key: its subset, and behind it how often each of these is asked. One more is ranked, for the latter.
local function put(state, body)
  local size = min(body.subsetSize or 1, state.count)
  rendezvous.put(state, state.equal)
  state.known = known_keys.new(state.count, size * 2)
  state.size, state.ranked, state.scores = size, {}, {}
  for rank = 1, min(size + 1, state.count) do
    state.ranked[rank], state.scores[rank] = 0, 0
  end
  return state
end


function _M.new(body)
  return put(round_robin.new(body), body)
end


function _M.sync(state, body)
  return put(round_robin.sync(state, body), body)
end


-- Best first: what is better than the last of those found so far moves up to its place.
local function rank_peers(state, key)
  local ranked, scores = state.ranked, state.scores
  local filled, last = 0, #scores
  for i = 1, state.count do
    local score = score_of(state, key, i)
    if filled < last or score > scores[last] then
      filled = min(filled + 1, last)
      local rank = filled
      while rank > 1 and score > scores[rank - 1] do
        ranked[rank], scores[rank] = ranked[rank - 1], scores[rank - 1]
        rank = rank - 1
      end
      ranked[rank], scores[rank] = i, score
    end
  end
end


-- Heavy endpoints are in more subsets than light ones already. How much more is known from the score that would have
-- been enough: by so much less they are preferred inside, and all in all each gets its share (as in sampling with
-- probabilities proportional to size).
local function share(state, i)
  local enough, weight = state.scores[state.size + 1], state.weights[i]
  if state.equal or not enough then
    return weight
  end
  return weight / (1 - exp(-weight / enough))
end


local function fill(state, key, list, base)
  rank_peers(state, key)
  for rank = 1, state.size do
    local i = state.ranked[rank]
    list[base + rank], list[base + state.size + rank] = i, share(state, i)
  end
end


local function one_of(state, tried, list, base)
  local names, size = state.names, state.size
  local chosen, sum = nil, 0
  for place = base + 1, base + size do
    local i = list[place]
    if not (tried and tried[names[i]]) then
      local chance = list[place + size]
      sum = sum + chance
      if random() * sum < chance then
        chosen = i
      end
    end
  end
  return chosen
end


function _M.pick(state, tried, key)
  if not key then
    return in_turn(state, tried)
  end
  local known = state.known
  local base, found = find(known, key)
  if not found then
    fill(state, key, known.peers, base)
  end
  -- a request that has failed at the whole subset goes on to the next best
  return one_of(state, tried, known.peers, base) or best(state, tried, key)
end

return _M
