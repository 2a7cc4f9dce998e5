-- Round robin, smooth when weights differ: each pick raises every peer's credit by its weight, takes the richest
-- and makes it pay the sum, so shares are exact over one cycle and heavy peers are not picked in a row (the method
-- of nginx's own round robin). Workers begin at a random place, or they would all begin with the first peer.
-- phase: balancer · yields: no · dicts: none · state: the caller's, see the contract in algorithms.lua

local peers_from = require("ingress.balancer.peers").from

local random = math.random

local _M = {}


function _M.new(body)
  local peers, equal = peers_from(body)
  local state = { peers = peers, count = #peers, equal = equal, index = random(#peers), credit = {} }
  for i = 1, state.count do
    state.credit[i] = 0
  end
  if not equal then
    for _ = 2, random(state.count) do
      _M.pick(state)
    end
  end
  return state
end


function _M.sync(state, body)
  local credits = {}
  for i = 1, state.count do
    credits[state.peers[i].name] = state.credit[i]
  end
  local peers, equal = peers_from(body)
  state.peers, state.count, state.equal = peers, #peers, equal
  for i = 1, #peers do
    state.credit[i] = credits[peers[i].name] or 0
  end
  return state
end


local function pick_equal(state, tried)
  local peers, count, index = state.peers, state.count, state.index
  if not tried then -- without a loop, which LuaJIT would compile as a trace of its own
    index = index < count and index + 1 or 1
    state.index = index
    return peers[index]
  end
  for _ = 1, count do
    index = index < count and index + 1 or 1
    local peer = peers[index]
    if not tried[peer.name] then
      state.index = index
      return peer
    end
  end
  return nil
end


local function pick_weighted(state, tried)
  local peers, credit = state.peers, state.credit
  local best, sum = nil, 0
  for i = 1, state.count do
    local peer = peers[i]
    if not (tried and tried[peer.name]) then
      sum = sum + peer.weight
      credit[i] = credit[i] + peer.weight
      if not best or credit[i] > credit[best] then
        best = i
      end
    end
  end
  if not best then
    return nil
  end
  credit[best] = credit[best] - sum
  return peers[best]
end


function _M.pick(state, tried)
  if state.equal then
    return pick_equal(state, tried)
  end
  return pick_weighted(state, tried)
end

return _M
