-- One writer at a time over all workers. The token names the holder, so a dead one is found out at once; one of
-- those who find out wins the right to clear it. The expiry is only for what this cannot see.
-- phase: init, content · yields: no · dicts: ingress_state · state: none

local is_child = require("ingress.system").is_child
local process = require("ngx.process")

local match = string.match
local state = ngx.shared.ingress_state
local worker_pid = ngx.worker.pid

local EXPIRY = 60

local _M = {}


local function is_dead(token)
  local master = process.get_master_pid()
  local pid = match(token, "^%d+")
  return master ~= nil and not is_child(pid, master)
end


-- A token, or nil when another holds it.
function _M.acquire()
  local token = worker_pid() .. ":" .. state:incr("serial", 1, 0)
  if state:safe_add("lock", token, EXPIRY) then
    return token
  end
  local holder = state:get("lock")
  if holder and is_dead(holder) and state:safe_add("takeover:" .. holder, true, EXPIRY) then
    state:delete("lock")
  end
  return state:safe_add("lock", token, EXPIRY) and token or nil
end


function _M.holds(token)
  return state:get("lock") == token
end


function _M.is_free()
  local holder = state:get("lock")
  return not holder or is_dead(holder)
end


function _M.release(token)
  if _M.holds(token) then
    state:delete("lock")
  end
end

return _M
