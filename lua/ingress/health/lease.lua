-- Which worker checks: one of all workers of a master, for as long as it says so a few times a second. Who has died is
-- found out by any other at its next tick, who leaves says so, and who was kept busy for longer than the lease lasts has
-- lost it.
--   checker   pid of the holder
-- phase: timer, content · yields: no · dicts: ingress_health · state: none

local is_child = require("ingress.system").is_child
local process = require("ngx.process")

local dict = ngx.shared.ingress_health
local exiting = ngx.worker.exiting
local worker_pid = ngx.worker.pid

local KEY = "checker"
local SECONDS = 1
-- longer than anybody may be stopped between seeing that a holder is dead and clearing its key
local EXPIRY = 60

local _M = {}


-- Only the first of those who find it out clears the key: by then another may hold it.
local function bury(pid)
  if is_child(pid, process.get_master_pid()) then
    return
  end
  if dict:safe_add("checker:gone:" .. pid, true, EXPIRY) then
    dict:delete(KEY)
  end
end


function _M.held()
  return dict:get(KEY) == worker_pid()
end


-- Pid of the worker that checks, or nil.
function _M.holder()
  return dict:get(KEY)
end


-- "kept", "taken", or nil: another has it.
function _M.take()
  if exiting() then
    return nil
  end
  local holder = dict:get(KEY)
  if holder == worker_pid() then
    -- not `set`: should it have run out between these two lines, it is another's that is made longer
    dict:expire(KEY, SECONDS)
    return "kept"
  end
  if holder then
    bury(holder)
  end
  return dict:safe_add(KEY, worker_pid(), SECONDS) and "taken" or nil
end


function _M.release()
  if _M.held() then
    dict:delete(KEY)
  end
end

return _M
