-- Header blocks of HTTP/2 (RFC 7541), as far as one small call takes: ours without compression, and of the other's only
-- a few fields, which on a new connection cannot be but written out.
-- phase: timer · yields: no · dicts: none · state: none

local byte = string.byte
local char = string.char
local concat = table.concat
local find = string.find
local floor = math.floor
local match = string.match
local sub = string.sub
local tonumber = tonumber

-- of the table that every connection begins with
local STATUSES = { [0x88] = 200, [0x89] = 204, [0x8a] = 206, [0x8b] = 304, [0x8c] = 400, [0x8d] = 404, [0x8e] = 500 }
-- "grpc-status" as it is, and in the Huffman code of HPACK; each behind its length
local GRPC_STATUS = { "\11grpc-status", "\136\154\202\200\178\18\52\218\143" }

local _M = {}


-- A text behind its length, which takes more than a byte from 127 on.
local function literal(text)
  local length = #text
  if length < 127 then
    return char(length) .. text
  end
  local parts = { "\127" }
  length = length - 127
  while length >= 128 do
    parts[#parts + 1] = char(length % 128 + 128)
    length = floor(length / 128)
  end
  parts[#parts + 1] = char(length)
  return concat(parts) .. text
end


-- POST, http, then fields that are not to be remembered; their names are of the table where it has them.
function _M.block(authority, path, kind, agent)
  return concat({
    "\131\134",
    "\4",
    literal(path),
    "\1",
    literal(authority),
    "\15\16",
    literal(kind),
    "\15\43",
    literal(agent),
    "\0",
    literal("te"),
    literal("trailers"),
  })
end


-- The status of the answer, which is its first field; nil when it is written in a way that we do not read.
function _M.status(fields)
  local rest = match(fields, "^[\32-\62]*(.*)$") -- changes of the table's size may come first
  rest = match(rest, "^\63[\128-\255]*.(.*)$") or rest
  local first = byte(rest, 1)
  if STATUSES[first] then
    return STATUSES[first]
  end
  return tonumber((match(rest, "^[\8\24\72]\3(%d%d%d)")))
end


-- The number in `grpc-status`, or nil.
function _M.grpc_status(fields)
  for i = 1, #GRPC_STATUS do
    local _, ends = find(fields, GRPC_STATUS[i], 1, true)
    if ends then
      local length = byte(fields, ends + 1) or 0
      return length <= 2 and tonumber((match(sub(fields, ends + 2, ends + 1 + length), "^%d+$"))) or nil
    end
  end
  return nil
end

return _M
