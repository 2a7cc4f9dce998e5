-- Files, read whole. Only the master may: what is below the prefix belongs to root.
-- phase: init · yields: no · dicts: none · state: none

local open = io.open

local _M = {}


-- Its text, or nil when there is none.
function _M.read(path)
  local file = open(path, "rb")
  if not file then
    return nil
  end
  local text = file:read("*a")
  file:close()
  return text
end

return _M
