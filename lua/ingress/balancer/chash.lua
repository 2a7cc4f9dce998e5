-- Consistent hash: a key's requests go to one endpoint for as long as it is there. Requests without a key go in turn.
-- phase: balancer · yields: no · dicts: none · state: the caller's, see the contract in algorithms.lua

local known_keys = require("ingress.balancer.known_keys")
local rendezvous = require("ingress.balancer.rendezvous")
local round_robin = require("ingress.balancer.round_robin")

local best = rendezvous.best
local find = known_keys.find
local in_turn = round_robin.pick

local _M = {}


local function put(state)
  rendezvous.put(state, state.equal)
  state.known = known_keys.new(state.count, 1)
  return state
end


function _M.new(body)
  return put(round_robin.new(body))
end


function _M.sync(state, body)
  return put(round_robin.sync(state, body))
end


function _M.pick(state, tried, key)
  if not key then
    return in_turn(state, tried)
  end
  if tried then
    return best(state, tried, key)
  end
  local known = state.known
  local place, found = find(known, key)
  local peers = known.peers
  if not found then
    peers[place + 1] = best(state, nil, key)
  end
  return peers[place + 1]
end

return _M
