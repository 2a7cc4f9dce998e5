-- JSON as batches use it: an own instance of cjson, so that nobody else's settings reach us, without NaN, Infinity
-- and hex numbers, and of bounded depth.
-- phase: any · yields: no · dicts: none · state: none

local cjson = require("cjson.safe").new()

local concat = table.concat

cjson.decode_invalid_numbers(false)
cjson.decode_max_depth(16)

local _M = {
  decode = cjson.decode,
  encode = cjson.encode,
}


-- A list, also when it is empty: cjson cannot tell `{}` from `[]`, and the means of saying so differ between
-- OpenResty's cjson and Debian's.
function _M.list(items)
  local parts = {}
  for i = 1, #items do
    parts[i] = cjson.encode(items[i])
  end
  return "[" .. concat(parts, ",") .. "]"
end

return _M
