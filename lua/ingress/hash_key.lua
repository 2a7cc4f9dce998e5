-- What a request is hashed by: parts as `hashBy` and `bucketBy` of the documents have them, texts and nginx's variables
-- with a `$` before their name.
-- phase: rewrite, balancer · yields: no · dicts: none · state: none

local byte = string.byte
local hash_of = require("ingress.balancer.hash").of
local sub = string.sub
local var = ngx.var

local DOLLAR = byte("$")

local _M = {}


-- The parts as one text; nil when they name variables of which none has a value: such requests have nothing in common.
function _M.text(parts)
  local text, asked, found = "", false, false
  for i = 1, #parts do
    local part = parts[i]
    if byte(part) == DOLLAR then
      asked = true
      part = var[sub(part, 2)] or ""
      found = found or part ~= ""
    end
    text = text .. part
  end
  if asked and not found or text == "" then
    return nil
  end
  return text
end


-- The same as a whole number of 32 bits, as the algorithms take it, or nil.
function _M.of(parts)
  local text = _M.text(parts)
  return text and hash_of(text)
end

return _M
