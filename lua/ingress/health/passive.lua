-- Failed attempts, counted over all workers: `maxFails` of them within `failTimeout` eject an endpoint for as long.
--   fails:<backend>|<name>
-- phase: balancer, log · yields: no · dicts: ingress_health · state: none

local verdicts = require("ingress.health.verdicts")

local dict = ngx.shared.ingress_health
local log = ngx.log
local ngx = ngx

local _M = {}


local function key_of(id, name)
  return "fails:" .. id .. "|" .. name
end


local function eject(id, name, passive, reason)
  local seconds = passive.failTimeout
  if not verdicts.eject(id, name, seconds, reason) then
    return false
  end
  log(ngx.WARN, "backend ", id, ": endpoint ", name, " is ejected for ", seconds, " s: ", reason)
  return true
end


-- Says whether the endpoint has been ejected for it.
function _M.failed(id, name, passive, reason)
  local key = key_of(id, name)
  dict:safe_add(key, 0, passive.failTimeout)
  local count = dict:incr(key, 1)
  return count ~= nil and count >= passive.maxFails and eject(id, name, passive, reason)
end


-- A request that tried an ejected endpoint has failed: that one is enough.
function _M.failed_again(id, name, passive, reason)
  return eject(id, name, passive, reason)
end


-- It has succeeded, or nobody could tell: then one failure is enough to eject it again. Says that something changed.
function _M.readmit(id, name, passive, tried)
  dict:delete(key_of(id, name))
  if not tried then
    dict:safe_set(key_of(id, name), passive.maxFails - 1, passive.failTimeout)
  end
  verdicts.readmit(id, name)
  log(ngx.NOTICE, "backend ", id, ": endpoint ", name, " is back")
  return true
end

return _M
