-- A killed writer may leave a batch half in force. Whoever comes by finishes or undoes it: another writer, who looks
-- at /config, and every worker a few times a second, so that nobody has to write for the state to be whole again.
-- phase: content, timer · yields: no · dicts: ingress_state, by way of recover all three · state: none

local lock = require("ingress.store.lock")
local recover = require("ingress.store.recover")

local state = ngx.shared.ingress_state


return function()
  -- while a writer is at work there is something staged as well, and it holds the lock
  if not state:get("staging") or not lock.is_free() then
    return
  end
  local token = lock.acquire()
  if not token then
    return
  end
  local ok, err = pcall(recover)
  lock.release(token)
  if not ok then
    ngx.log(ngx.ERR, "what a killed writer left cannot be tidied up: ", err)
  end
end
