-- Shapes of decoded JSON: small functions (value, where) → nil when it fits, else a sentence that names the field
-- and never its value (it may be a private key). Objects take exactly the fields that they name: what a reader
-- does not know it must not pretend to honour.
-- phase: any · yields: no · dicts: none · state: none

local find = string.find
local floor = math.floor
local next = next
local pairs = pairs
local type = type

local _M = {}


-- A string that holds every given Lua pattern.
function _M.text(...)
  local patterns = { ... }
  return function(value, where)
    local fits = type(value) == "string"
    for i = 1, #patterns do
      fits = fits and find(value, patterns[i])
    end
    if not fits then
      return where .. " is not a string of the right form"
    end
  end
end


function _M.number(minimum, maximum)
  return function(value, where)
    if type(value) ~= "number" or value < minimum or (maximum and value > maximum) then
      return where .. " is not a number in range"
    end
  end
end


function _M.integer(minimum, maximum)
  return function(value, where)
    if type(value) ~= "number" or value ~= floor(value) or value < minimum or value > (maximum or 2 ^ 53) then
      return where .. " is not a whole number in range"
    end
  end
end


-- One of the given values.
function _M.one_of(...)
  local known = {}
  for _, value in pairs({ ... }) do
    known[value] = true
  end
  return function(value, where)
    if value == nil or not known[value] then
      return where .. " is not one of the known values"
    end
  end
end


function _M.optional(shape)
  return function(value, where)
    if value ~= nil then
      return shape(value, where)
    end
  end
end


function _M.list(shape)
  return function(value, where)
    if type(value) ~= "table" then
      return where .. " is not a list"
    end
    local count = 0
    for _ in pairs(value) do
      count = count + 1
    end
    if count ~= #value then
      return where .. " is not a list"
    end
    for i = 1, count do
      local problem = shape(value[i], where .. "[]")
      if problem then
        return problem
      end
    end
  end
end


-- Keys and values of their own shapes.
function _M.map(key_shape, value_shape)
  return function(value, where)
    if type(value) ~= "table" then
      return where .. " is not an object"
    end
    for key, item in next, value do
      local problem = key_shape(key, where .. " (a key)") or value_shape(item, where .. "{}")
      if problem then
        return problem
      end
    end
  end
end


function _M.object(fields)
  return function(value, where)
    if type(value) ~= "table" then
      return where .. " is not an object"
    end
    for name in next, value do
      if not fields[name] then
        return where .. " has an unknown field"
      end
    end
    for name, shape in next, fields do
      local problem = shape(value[name], where .. "." .. name)
      if problem then
        return problem
      end
    end
  end
end

return _M
