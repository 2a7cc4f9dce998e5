-- How many attempts this worker has under way at each peer, kept by name while peers come and go: one that is ejected and
-- comes back still has what it had not answered. `under_way` is the sum over those that are there.
-- phase: balancer, log · yields: no · dicts: none · state: the caller's, with peers in it (peers.lua)

local _M = {}


-- After the first peers were put.
function _M.new(state)
  state.active, state.away, state.positions = {}, {}, {}
  return _M.enter(state)
end


-- Before others are put.
function _M.leave(state)
  local active, away, names = state.active, state.away, state.names
  for i = 1, state.count do
    if active[i] > 0 then
      away[names[i]] = active[i]
    end
  end
end


-- After they were.
function _M.enter(state)
  local active, positions, away, sum = {}, {}, state.away, 0
  for i = 1, state.count do
    local name = state.names[i]
    active[i] = away[name] or 0
    sum = sum + active[i]
    positions[name] = i
    away[name] = nil
  end
  state.active, state.positions, state.under_way = active, positions, sum
end


function _M.started(state, i)
  local active = state.active
  active[i] = active[i] + 1
  state.under_way = state.under_way + 1
end


-- What nobody has counted as begun (it began with a state that was forgotten since) does not end either. Returns the
-- peer's number; nil: it is gone.
function _M.ended(state, name)
  local i = state.positions[name]
  if i then
    local active = state.active
    if active[i] > 0 then
      active[i] = active[i] - 1
      state.under_way = state.under_way - 1
    end
    return i
  end
  local active = state.away[name]
  state.away[name] = active and active > 1 and active - 1 or nil
end

return _M
