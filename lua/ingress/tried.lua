-- Which peers a request was sent to before, by nginx's own account of it. Kept by us it would be a table for each
-- request, and few are ever sent twice.
-- phase: balancer, when an attempt has failed · yields: no · dicts: none · state: none

local gmatch = string.gmatch
local gsub = string.gsub
local match = string.match
local var = ngx.var

local _M = {}


-- Set of peer names (see balancer/algorithms.lua), and the number of attempts. `unix:` peers are counted as well.
function _M.peers()
  local set, count = {}, 0
  -- "a, b : " while the next one is chosen, behind "… : " of what came before an internal redirect
  local list = gsub(var.upstream_addr or "", " : $", "")
  for name in gmatch(match(list, "^.* : (.*)$") or list, "[^,%s]+") do
    set[name] = true
    count = count + 1
  end
  return set, count
end

return _M
