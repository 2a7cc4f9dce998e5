-- Since when endpoints of backends with a slow start are known: the same in all workers, over reloads too. What is
-- there when a backend is first seen is not new.
--   peers:<backend>        names that were seen last, one a line
--   born:<backend>|<name>  when, for as long as the start takes
-- phase: any but init · yields: no · dicts: ingress_health · state: none

local dict = ngx.shared.ingress_health

local concat = table.concat
local find = string.find
local now = ngx.now

local _M = {}


-- The endpoints' names by now → {name → seconds since 1970} of new ones, or nil.
function _M.of(id, names, slow_start)
  local key = "peers:" .. id
  local before = dict:get(key)
  local text = "\n" .. concat(names, "\n") .. "\n"
  local births
  for i = 1, #names do
    local own = "born:" .. id .. "|" .. names[i]
    if before and not find(before, "\n" .. names[i] .. "\n", 1, true) then
      dict:safe_add(own, now(), slow_start)
    end
    local born = dict:get(own)
    if born then
      births = births or {}
      births[names[i]] = born
    end
  end
  if before ~= text then
    dict:safe_set(key, text)
  end
  return births
end

return _M
