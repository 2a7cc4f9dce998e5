-- Which endpoints of a backend requests may go to now. Pure: what is known comes in as plain tables.
--
-- Draining ones get nothing new. Of the others those are out that an active check has found down, and those that were
-- ejected for failing requests, the longest ejected first and never more than `maxEjected` percent (but one of
-- several). An ejection whose time is over ends when a request that tries the endpoint succeeds (trial.lua). When then
-- fewer than `panicThreshold` percent are left, or none, the checks are more likely wrong than everything else: all
-- are used.
-- phase: any · yields: no · dicts: none · state: none

local floor = math.floor
local max = math.max
local min = math.min
local sort = table.sort

-- a new endpoint begins with this share of its own
local LEAST = 0.05
local STEPS = 20

local _M = {}


local function earlier(a, b)
  if a.since ~= b.since then
    return a.since < b.since
  end
  return a.name < b.name
end


-- Those whose ejection counts, as a set of names.
local function ejected_of(candidates, verdicts, passive)
  local list = {}
  for i = 1, #candidates do
    local name = candidates[i].name
    local verdict = verdicts[name]
    if verdict and verdict.ejected and not verdict.down then
      list[#list + 1] = { name = name, since = verdict.ejected.since }
    end
  end
  local count = #candidates
  local allowed = count > 1 and max(1, floor(count * passive.maxEjected / 100)) or 0
  sort(list, earlier)
  local set = {}
  for i = 1, min(#list, allowed) do
    set[list[i].name] = true
  end
  return set
end


-- Without what verdicts speak against: list of endpoints, and set of names that are out or nil. Those that may be tried
-- again, or nil, and when the next ejection ends or is forgotten. Whether active checks have found all of them down.
local function without(candidates, verdicts, body, time)
  local ejected = body.passive and ejected_of(candidates, verdicts, body.passive) or {}
  local fit, unfit, trials, again, down = {}, nil, nil, nil, 0
  for i = 1, #candidates do
    local candidate = candidates[i]
    local verdict = verdicts[candidate.name]
    local ends = verdict and verdict.ejected and verdict.ejected.ends
    if ends and ends > time then
      again = min(again or ends, ends)
    elseif ends and body.passive and not (verdict.down and body.check) then
      trials = trials or {}
      trials[#trials + 1] = { endpoint = candidate.endpoint, ends = ends }
      local forgotten = verdict.ejected.forgotten
      again = forgotten and min(again or forgotten, forgotten) or again
    end
    local is_down = verdict and verdict.down and body.check
    down = down + (is_down and 1 or 0)
    if is_down or ejected[candidate.name] then
      unfit = unfit or {}
      unfit[candidate.name] = true
    else
      fit[#fit + 1] = candidate
    end
  end
  return fit, unfit, trials, again, down == #candidates
end


-- Draining ones that are down: sessions need not find that out by themselves.
local function drained(draining, verdicts, body, unfit)
  for i = 1, #draining do
    local name = draining[i].name
    if body.check and verdicts[name] and verdicts[name].down then
      unfit = unfit or {}
      unfit[name] = true
    end
  end
  return unfit
end


-- {address, port, weight} of each; new ones with a part of their weight, and when the next part is due.
local function weighted(list, body, births, time)
  local endpoints, again = {}, nil
  for i = 1, #list do
    local endpoint = list[i].endpoint
    local born = births and births[list[i].name]
    local age = born and time - born
    if age and age < body.slowStart then
      local share = max(LEAST, age / body.slowStart)
      endpoint = { address = endpoint.address, port = endpoint.port, weight = (endpoint.weight or 1) * share }
      again = time + body.slowStart / STEPS
    end
    endpoints[i] = endpoint
  end
  return endpoints, again
end


-- body: of a backend document. names: of its endpoints, in their order. verdicts: see verdicts.lua, or nil. births:
-- name → since when it is known, of new ones, or nil.
-- → {endpoints = list, unfit = set of names that are out or nil, panic = boolean, again = when to look again or nil,
--    trials = list of {endpoint, ends} whose ejection has ended, or nil, dead = whether all are down by active checks}
function _M.of(body, names, verdicts, births, time)
  local candidates, draining = {}, {}
  for i = 1, #names do
    local endpoint = body.endpoints[i]
    local list = endpoint.draining and draining or candidates
    list[#list + 1] = { name = names[i], endpoint = endpoint }
  end
  if #candidates == 0 then
    candidates = draining
  end
  local fit, unfit, trials, ends, dead = candidates, nil, nil, nil, false
  if verdicts then
    fit, unfit, trials, ends, dead = without(candidates, verdicts, body, time)
    unfit = candidates ~= draining and drained(draining, verdicts, body, unfit) or unfit
  end
  local panic = #fit == 0 or #fit * 100 < (body.panicThreshold or 0) * #candidates
  if panic then
    fit, unfit = candidates, nil
  end
  local endpoints, due = weighted(fit, body, births, time)
  local again = ends and due and min(ends, due) or ends or due
  return {
    endpoints = endpoints,
    unfit = unfit,
    panic = panic and verdicts ~= nil,
    dead = dead,
    again = again,
    trials = trials,
  }
end

return _M
