-- Unlinks our own unix sockets that a killed nginx left behind: they would stop this start. Never those that somebody
-- listens on (HUP), nor any when they are inherited (NGINX is set during a binary upgrade).
-- phase: init, which is before nginx binds · yields: no · dicts: none · state: none

local is_stale_socket = require("ingress.system").is_stale_socket

local OURS = { "/control/config.sock", "/run/404.sock", "/run/503.sock" }

local _M = {}


function _M.unlink_stale(prefix)
  if os.getenv("NGINX") then
    return
  end
  for i = 1, #OURS do
    local path = prefix .. OURS[i]
    if is_stale_socket(path) then
      local ok, err = os.remove(path)
      ngx.log(ngx.NOTICE, "stale socket ", path, ok and " removed" or " stays: ", err or "")
    end
  end
end

return _M
