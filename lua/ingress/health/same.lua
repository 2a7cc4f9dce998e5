-- Whether two values are made of the same: tables of tables, numbers, texts and booleans, as JSON has them.
-- phase: any · yields: no · dicts: none · state: none

local pairs = pairs
local type = type


local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then
    return a == b
  end
  for key, value in pairs(a) do
    if not same(value, b[key]) then
      return false
    end
  end
  for key in pairs(b) do
    if a[key] == nil then
      return false
    end
  end
  return true
end

return same
