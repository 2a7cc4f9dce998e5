-- How attempts ended: for algorithms that measure, and for passive checks. Only in locations that have the log phase
-- for it ($measured); elsewhere nothing is begun, and such algorithms pick without measurements.
-- phase: balancer (begin, failed), log (run) · yields: no · dicts: by way of passive.lua
-- state: ngx.ctx.attempt, the one under way

local backends = require("ingress.backends")
local passive_checks = require("ingress.health.passive")

local failed_again = passive_checks.failed_again
local failed_once = passive_checks.failed
local ipairs = ipairs
local match = string.match
local ngx = ngx
local now = ngx.now
local readmit = passive_checks.readmit
local tonumber = tonumber
local var = ngx.var

local _M = {}


-- Whether this location will say how requests end.
function _M.hears()
  return var.measured == "1"
end


-- At the peer of that name; `i`: its number in the algorithm's state, or nil when it was picked without asking it.
-- trial: the endpoint is ejected, and this request decides whether it comes back.
function _M.begin(state, i, name, trial)
  if var.measured ~= "1" then
    return
  end
  local started = i and state.algorithm.started
  if started then
    started(state.picker, i)
  end
  ngx.ctx.attempt = { state = state, picker = started and state.picker, name = name, since = now(), trial = trial }
end


-- What passive checks learn from it. Says whether it changes anything.
local function learn(state, attempt, reason, told)
  local passive = state.body.passive
  if not passive then
    return false
  elseif not attempt.trial then
    return reason and failed_once(state.id, attempt.name, passive, reason)
  elseif reason then
    return failed_again(state.id, attempt.name, passive, reason)
  end
  return told and readmit(state.id, attempt.name, passive, true)
end


-- reason: why it has failed, or nil. told: it says something of the endpoint.
local function over(attempt, reason, told)
  local state = attempt.state
  if attempt.picker then
    state.algorithm.ended(attempt.picker, attempt.name, now() - attempt.since, reason ~= nil)
  end
  if learn(state, attempt, reason, told) then
    backends.refresh(state)
  end
end


-- The attempt before this one has failed, or was answered with what asks for another one (403, 404: no failure).
function _M.failed(kind, status)
  local ctx = ngx.ctx
  local attempt = ctx.attempt
  if not attempt then
    return
  end
  ctx.attempt = nil
  local reason
  if kind == "failed" then
    reason = status and status ~= 502 and status ~= 504 and "status " .. status or "no answer"
  end
  return over(attempt, reason, true)
end


local function is_within(ranges, status)
  for _, range in ipairs(ranges) do
    if status >= range[1] and status <= range[2] then
      return true
    end
  end
  return false
end


-- Why the last attempt counts as failed, or nil.
local function fault_of(passive)
  if match(var.upstream_header_time or "", "(%S+)$") == "-" then
    return "no answer"
  end
  local ranges = passive and passive.statuses
  local status = ranges and tonumber(match(var.upstream_status or "", "(%d+)$"))
  return status and is_within(ranges, status) and "status " .. status or nil
end


function _M.run()
  local attempt = ngx.ctx.attempt
  if not attempt then
    return
  end
  ngx.ctx.attempt = nil
  if ngx.status == 499 then -- a client that goes away says nothing of the endpoint
    return over(attempt, nil, false)
  end
  return over(attempt, fault_of(attempt.state.body.passive), true)
end

return _M
