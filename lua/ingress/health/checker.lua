-- Active checks: one worker of all asks the endpoints how they are, and all workers read what it has found.
-- phase: timer · yields: no (what takes time happens in light threads of the timer) · dicts: by way of the others
-- state: per worker: whether it checks

local lease = require("ingress.health.lease")
local registry = require("ingress.health.registry")
local schedule = require("ingress.health.schedule")
local summary = require("ingress.health.summary")

local spawn = ngx.thread.spawn

local checks = false

local _M = {}


local function stop()
  if checks then
    registry.stop()
    checks = false
  end
end


-- From the timer of each worker, a few times a second.
function _M.tick()
  local taken = lease.take()
  if taken ~= "kept" then
    stop()
  end
  if not taken then
    return
  end
  if not checks then
    registry.start()
    summary.start()
    checks = true
  end
  if registry.is_behind() then
    spawn(registry.follow)
  end
  schedule.tick(registry.backends())
  summary.tick()
end


-- When this worker shuts down: the next tick of any other goes on.
function _M.leave()
  stop()
  lease.release()
end

return _M
