-- How attempts ended: for algorithms that measure, and for passive checks. Only in locations that have the log phase
-- for it ($measured); elsewhere nothing is begun, and such algorithms pick without measurements.
-- phase: balancer (tidy, begin, failed), log (run) · yields: no · dicts: by way of passive.lua
-- state: see attempts.lua

local attempts = require("ingress.attempts")
local backends = require("ingress.backends")
local passive_checks = require("ingress.health.passive")

local any_under_way = attempts.any
local failed_again = passive_checks.failed_again
local failed_once = passive_checks.failed
local give_back = attempts.give_back
local ipairs = ipairs
local is_own = attempts.is_own
local match = string.match
local ngx = ngx
local now = ngx.now
local put = attempts.put
local readmit = passive_checks.readmit
local take = attempts.take
local tonumber = tonumber
local var = ngx.var

-- seconds; a request that takes longer may be a download or a WebSocket, whose answer began long ago
local LONG = 1

local _M = {}


-- Whether this location will say how requests end.
function _M.hears()
  return var.measured == "1"
end


-- At the peer of that name; `i`: its number in the algorithm's state, or nil when it was picked without asking it.
-- tries_it: the endpoint is ejected, and this request decides whether it comes back. The location `hears`.
function _M.begin(state, i, name, tries_it)
  local started = i and state.algorithm.started
  if started then
    started(state.picker, i)
  end
  local attempt = put()
  attempt.state, attempt.name, attempt.tries_it = state, name, tries_it
  -- those of now: the backend may have another algorithm by then
  attempt.picker, attempt.ended = started and state.picker or false, started and state.algorithm.ended
end


-- What passive checks learn from it. Says whether it changes anything.
local function learn(state, attempt, reason, told)
  local passive = state.body.passive
  if not passive then
    return false
  elseif not attempt.tries_it then
    return reason and failed_once(state.id, attempt.name, passive, reason)
  elseif reason then
    return failed_again(state.id, attempt.name, passive, reason)
  end
  return told and readmit(state.id, attempt.name, passive, true)
end


-- reason: why it has failed, or nil. told: it says something of the endpoint. seconds: that its answer took.
local function over(attempt, reason, told, seconds)
  local state = attempt.state
  if attempt.picker then
    attempt.ended(attempt.picker, attempt.name, seconds, reason ~= nil)
  end
  if learn(state, attempt, reason, told) then
    backends.refresh(state)
  end
  return give_back(attempt)
end


-- Before a request's first attempt. Where one is still under way, nginx has taken a request elsewhere (X-Accel-Redirect):
-- this one, or another before it, of whose end nobody has heard.
function _M.tidy()
  if not any_under_way() then
    return
  end
  local attempt = take()
  if not attempt then
    return
  end
  local own = is_own(attempt)
  return over(attempt, nil, own, own and now() - attempt.since or 0)
end


-- The attempt before this one has failed, or was answered with what asks for another one (403, 404: no failure).
function _M.failed(kind, status)
  local attempt = take()
  if not attempt then
    return
  end
  local reason
  if kind == "failed" then
    reason = status and status ~= 502 and status ~= 504 and "status " .. status or "no answer"
  end
  return over(attempt, reason, true, now() - attempt.since)
end


local function is_within(ranges, status)
  for _, range in ipairs(ranges) do
    if status >= range[1] and status <= range[2] then
      return true
    end
  end
  return false
end


-- What nginx says of the last attempt: seconds until its answer began, as text, or "-".
local function header_time()
  return match(var.upstream_header_time or "", "(%S+)$")
end


-- Why the last attempt counts as failed, or nil.
local function fault_of(passive, status)
  if (status == 502 or status == 504) and header_time() == "-" then
    return "no answer"
  end
  local ranges = passive and passive.statuses
  return ranges and is_within(ranges, status) and "status " .. status or nil
end


function _M.run()
  local attempt = take()
  if not attempt then
    return
  end
  if not is_own(attempt) then -- this one never came to an endpoint
    return over(attempt, nil, false, 0)
  end
  local status, seconds = ngx.status, now() - attempt.since
  if status == 499 then -- a client that goes away says nothing of the endpoint
    return over(attempt, nil, false, seconds)
  end
  if seconds > LONG then
    seconds = tonumber(header_time()) or seconds
  end
  return over(attempt, fault_of(attempt.state.body.passive, status), true, seconds)
end

return _M
