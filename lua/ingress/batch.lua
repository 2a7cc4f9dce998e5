-- Reads one batch (the format is described in src/model/batch.ts): the body of POST /config, an entry of the
-- journal, or a snapshot. Strict: what does not match in every count, field and byte is refused as a whole.
-- phase: init, content · yields: only through the `pause` it is given · dicts: none · state: none

local json = require("ingress.json")
local key_of = require("ingress.key")
local kinds = require("ingress.kinds")
local schema = require("ingress.schema")

local decode = json.decode
local find = string.find
local match = string.match
local md5 = ngx.md5
local sub = string.sub

local LINES_PER_PAUSE = 500

local version = { epoch = schema.integer(0), generation = schema.integer(0) }
local header_shape = schema.object({
  v = schema.one_of(1),
  type = schema.one_of("full", "delta"),
  epoch = version.epoch,
  generation = version.generation,
  base = schema.optional(schema.object(version)),
  documents = schema.integer(0, 2 ^ 31),
  removals = schema.integer(0, 2 ^ 31),
  state = schema.text("^%x+$"),
})
local document_shape = schema.object({
  v = schema.one_of(1),
  kind = schema.text(),
  id = schema.text(),
  digest = schema.text("^" .. ("%x"):rep(32) .. "$"),
  body = function() end, -- by kind, below
})
local removal_shape = schema.object({
  v = schema.one_of(1),
  kind = schema.text(),
  id = schema.text(),
  removed = schema.one_of(true),
})

local _M = {}


local function read_document(line)
  local document = decode(line)
  local problem = document_shape(document, "document")
  if problem then
    return nil, problem
  end
  local key, err = key_of(document.kind, document.id)
  if not key then
    return nil, err
  end
  problem = kinds[document.kind](document.body, document.kind)
  if problem then
    return nil, problem
  end
  return key, nil, document.digest
end


local function read_removal(line)
  local removal = decode(line)
  local problem = removal_shape(removal, "removal")
  if problem then
    return nil, problem
  end
  return key_of(removal.kind, removal.id)
end


-- The lines between header and trailer, once the bytes are proven: positions first, contents later.
local function split(text, from)
  local newline = find(text, "\n", from, true)
  if not newline then
    return nil, "the header line is cut off", true
  end
  local header = decode(sub(text, from, newline - 1))
  local problem = header_shape(header, "header")
  if problem then
    return nil, problem
  end
  if (header.type == "delta") ~= (header.base ~= nil) then
    return nil, "header: a delta has a base, a full batch has none"
  end
  local lines = {}
  local at = newline + 1
  for i = 1, header.documents + header.removals + 1 do
    newline = find(text, "\n", at, true)
    if not newline then
      return nil, "it ends before its trailer", true
    end
    lines[i] = sub(text, at, newline - 1)
    at = newline + 1
  end
  local trailer = lines[#lines]
  local sum = match(trailer, '^{"end":"(%x+)"}$')
  if sum ~= md5(sub(text, from, at - #trailer - 2)) then
    return nil, "the checksum does not match"
  end
  return header, lines, at
end


-- Batch {type, epoch, generation, base, state, put = {{key, digest, line}, …}, remove = {key, …}, next = position
-- behind it}, or nil, a sentence without any value of the batch, and whether it is merely cut off at the end.
function _M.parse(text, from, pause)
  local header, lines, at = split(text, from)
  if not header then
    return nil, lines, at
  end
  local put, remove, seen = {}, {}, {}
  for i = 1, #lines - 1 do
    local key, err, digest
    if i <= header.documents then
      key, err, digest = read_document(lines[i])
      put[i] = { key = key, digest = digest, line = lines[i] }
    else
      key, err = read_removal(lines[i])
      remove[i - header.documents] = key
    end
    if key and seen[key] then
      key, err = nil, "a key is named twice"
    end
    if not key then
      return nil, "line " .. i + 1 .. ": " .. err
    end
    seen[key] = true
    if pause and i % LINES_PER_PAUSE == 0 then
      pause()
    end
  end
  header.put, header.remove, header.seen, header.next = put, remove, seen, at
  return header
end

return _M
