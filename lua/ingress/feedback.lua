-- How attempts ended: for algorithms that measure, and for passive checks. Only in locations that have the log phase
-- for it ($measured); elsewhere nothing is begun, and such algorithms pick without measurements.
-- phase: balancer (begin, failed), log (run) · yields: no · dicts: by way of passive.lua
-- state: per worker: attempts under way by their request's address, and empty ones for the next: ngx.ctx would be a
--        table and two calls more for each request

local backends = require("ingress.backends")
local ffi = require("ffi")
local passive_checks = require("ingress.health.passive")

local cast = ffi.cast
local failed_again = passive_checks.failed_again
local failed_once = passive_checks.failed
local get_request = require("resty.core.base").get_request
local ipairs = ipairs
local match = string.match
local ngx = ngx
local now = ngx.now
local readmit = passive_checks.readmit
local tonumber = tonumber
local uintptr = ffi.typeof("uintptr_t")
local var = ngx.var

-- seconds; a request that takes longer may be a download or a WebSocket, whose answer began long ago
local LONG = 1

local under_way = {}
local free, count = {}, 0

local _M = {}


local function address()
  return tonumber(cast(uintptr, get_request()))
end


-- Whether this location will say how requests end.
function _M.hears()
  return var.measured == "1"
end


-- At the peer of that name; `i`: its number in the algorithm's state, or nil when it was picked without asking it.
-- tries_it: the endpoint is ejected, and this request decides whether it comes back. The location `hears`.
function _M.begin(state, i, name, tries_it)
  local attempt
  if count > 0 then
    attempt, count = free[count], count - 1
  else
    attempt = {}
  end
  local started = i and state.algorithm.started
  if started then
    started(state.picker, i)
  end
  attempt.state, attempt.name, attempt.since, attempt.tries_it = state, name, now(), tries_it
  -- those of now: the backend may have another algorithm by then
  attempt.picker, attempt.ended = started and state.picker or false, started and state.algorithm.ended
  local key = address()
  local before = under_way[key]
  under_way[key] = attempt
  if before and before.picker then -- of a request that ended without saying so
    before.ended(before.picker, before.name, 0, false)
  end
end


-- The attempt of this request, which is not under way any more.
local function take()
  local key = address()
  local attempt = under_way[key]
  if attempt then
    under_way[key] = nil
  end
  return attempt
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
  count = count + 1
  free[count] = attempt
end


-- The attempt before this one has failed, or was answered with what asks for another one (403, 404: no failure).
function _M.failed(kind, status)
  -- where ends are not heard, what is there is of another request, which nginx took elsewhere (X-Accel-Redirect)
  local attempt = _M.hears() and take()
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
