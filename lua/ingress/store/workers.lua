-- What each worker has adopted: `worker:<pid>` holds "<epoch> <generation> <shutting down>", of fixed size.
-- phase: any but init · yields: no · dicts: ingress_state · state: per worker: whether it shuts down

local process = require("ngx.process")
local system = require("ingress.system")
local version = require("ingress.store.version")

local format = string.format
local match = string.match
local sort = table.sort
local state = ngx.shared.ingress_state
local tonumber = tonumber
local worker_pid = ngx.worker.pid

local leaving = false
local adopted = { epoch = 0, generation = 0 }

local _M = {}


local function write()
  local text = format("%016d %016d %d", adopted.epoch, adopted.generation, leaving and 1 or 0)
  local ok, err = state:safe_set("worker:" .. worker_pid(), text)
  if not ok then
    ngx.log(ngx.ERR, "ingress_state has no room for a worker's acknowledgement: ", err)
  end
end


-- This worker has adopted step v. What `current` says of a later step is not adopted yet.
function _M.acknowledge(v)
  local current = version.current()
  if current and current.v <= v then
    adopted = current
  end
  write()
end


function _M.leave()
  leaving = true
  write()
end


-- List of {pid, epoch, generation, shuttingDown} by pid. Forgets those that are gone.
function _M.list()
  local master = process.get_master_pid()
  local keys = state:get_keys(0)
  local list = {}
  for i = 1, #keys do
    local pid = tonumber(match(keys[i], "^worker:(%d+)$"))
    if pid and system.is_child(pid, master) then
      local epoch, generation, down = match(state:get(keys[i]) or "", "^(%d+) (%d+) (%d)$")
      list[#list + 1] = {
        pid = pid,
        epoch = tonumber(epoch) or 0,
        generation = tonumber(generation) or 0,
        shuttingDown = down == "1",
      }
    elseif pid then
      state:delete(keys[i])
    end
  end
  sort(list, function(a, b)
    return a.pid < b.pid
  end)
  return list
end

return _M
