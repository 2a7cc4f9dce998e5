-- Endpoints whose ejection has ended are tried by one request at a time, over all workers: only if it succeeds do others
-- follow (feedback.lua). What may not be repeated is sent only when nothing else has come for as long again.
--   trial:<backend>|<name>
-- phase: balancer · yields: no · dicts: ingress_health · state: none

local name_of = require("ingress.balancer.name")
local readmit = require("ingress.health.passive").readmit

local dict = ngx.shared.ingress_health
local now = ngx.now
local var = ngx.var

local UNREPEATABLE = { POST = true, PATCH = true, LOCK = true }

local _M = {}


local function claims(id, name, seconds)
  return dict:safe_add("trial:" .. id .. "|" .. name, true, seconds) == true
end


-- The endpoint that this request shall try: address, port, name; or nil.
function _M.claim(state)
  local seconds, time = state.body.passive.failTimeout, now()
  local wait = UNREPEATABLE[var.request_method] and seconds or 0
  for i = 1, #state.trials do
    local trial = state.trials[i]
    if time >= trial.ends + wait then
      local name, address = name_of(trial.endpoint)
      if claims(state.id, name, seconds) then
        return address, trial.endpoint.port, name
      end
    end
  end
  return nil
end


-- Lets them in without a trial, where requests are bound to endpoints or nobody hears how they end. Says whether any was.
function _M.waive(state)
  local passive, any = state.body.passive, false
  for i = 1, #state.trials do
    local name = name_of(state.trials[i].endpoint)
    any = claims(state.id, name, passive.failTimeout) and readmit(state.id, name, passive, false) or any
  end
  return any
end

return _M
