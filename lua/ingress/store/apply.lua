-- Puts a batch in force, wholly or not at all: stage every value beside the old ones, flip the pointers in the
-- given order, publish, then delete the old values. Documents that are there already, byte for byte, are left
-- alone, so a full batch of an unchanged world needs no room and disturbs no cache.
-- phase: init, content · yields: while staging, through the `pause` it is given · dicts: all three · state: none

local documents = require("ingress.store.documents")
local lock = require("ingress.store.lock")
local recover = require("ingress.store.recover")
local version = require("ingress.store.version")

local ceil = math.ceil
local format = string.format
local pairs = pairs
local state = ngx.shared.ingress_state

local PAGE = 4096
local HALF_PAGE = 2048
local NODE_BYTES = 80
local MARGIN = 8 * PAGE
local VALUES_PER_PAUSE = 500


-- nil when the batch may follow what is in force, "repeat", or the reason of a refusal.
local function judge(batch, current)
  if current then
    if batch.epoch == current.epoch and batch.generation == current.generation and batch.state == current.state then
      return "repeat"
    end
    if batch.epoch < current.epoch or (batch.epoch == current.epoch and batch.generation <= current.generation) then
      return "stale"
    end
  end
  if batch.type == "full" then
    return nil
  end
  local base = batch.base
  if not current or base.epoch ~= current.epoch or base.generation ~= current.generation then
    return "base"
  end
  return nil
end


-- What really changes: puts whose line is new, and removals of keys that exist, in order.
local function difference(batch, pause)
  local put, remove = {}, {}
  for i, item in pairs(batch.put) do
    if documents.read(item.key) ~= item.line then
      put[#put + 1] = item
    end
    if pause and i % VALUES_PER_PAUSE == 0 then
      pause()
    end
  end
  for i = 1, #batch.remove do
    if documents.pointer(batch.remove[i]) then
      remove[#remove + 1] = batch.remove[i]
    end
  end
  if batch.type == "full" then
    for key in pairs((documents.all())) do
      if not batch.seen[key] then
        remove[#remove + 1] = key
      end
    end
  end
  return put, remove
end


-- The slab allocator rounds to powers of two up to half a page, then to pages.
local function rounded(bytes)
  if bytes > HALF_PAGE then
    return ceil(bytes / PAGE) * PAGE
  end
  local size = 64
  while size < bytes do
    size = size * 2
  end
  return size
end


local function needed_for(put)
  local bytes = 0
  for i = 1, #put do
    local item = put[i]
    bytes = bytes + rounded(NODE_BYTES + #item.key + 17 + #item.line)
    if not documents.pointer(item.key) then
      bytes = bytes + rounded(NODE_BYTES + #item.key + 16)
    end
  end
  return bytes == 0 and 0 or bytes + MARGIN
end


local function unstage(put, count, pointer)
  for i = 1, count do
    local key = put[i].key
    documents.delete_value(key, pointer)
    if documents.pointer(key) == documents.ABSENT then
      documents.delete_pointer(key)
    end
  end
  state:delete("staging")
end


local function stage(put, pointer, pause)
  if not state:safe_set("staging", pointer) then
    return false
  end
  for i = 1, #put do
    if not documents.stage(put[i].key, pointer, put[i].line) then
      unstage(put, i, pointer)
      return false
    end
    if pause and i % VALUES_PER_PAUSE == 0 then
      pause()
    end
  end
  return true
end


-- No pause from here on: readers see the steps between only for as long as these loops take.
local function put_in_force(batch, put, remove, pointer)
  local old, changed = {}, {}
  for i = 1, #put do
    local key = put[i].key
    old[i] = documents.pointer(key)
    documents.flip(key, pointer)
    changed[i] = key
  end
  if #put > 0 and #remove > 0 then
    -- workers let go of what names the removed documents before those go
    version.publish(changed)
    changed = {}
  end
  local gone = {}
  for i = 1, #remove do
    gone[i] = documents.pointer(remove[i])
    documents.flip(remove[i], documents.ABSENT)
    changed[#changed + 1] = remove[i]
  end
  batch.pointer = pointer
  version.publish(changed, batch)
  for i = 1, #put do
    documents.delete_value(put[i].key, old[i])
  end
  for i = 1, #remove do
    documents.delete_value(remove[i], gone[i])
    documents.delete_pointer(remove[i])
  end
  state:delete("staging")
end


local function apply(batch, token, pause)
  recover()
  local verdict = judge(batch, version.current())
  if verdict then
    return verdict == "repeat" and "repeat" or nil, verdict
  end
  local put, remove = difference(batch, pause)
  local needed, free = needed_for(put), documents.free()
  if needed > free then
    return nil, "full", needed, free
  end
  local pointer = format("%016x", state:incr("serial", 1, 0))
  if not stage(put, pointer, pause) then
    return nil, "full", needed, documents.free()
  end
  if not lock.holds(token) then
    return nil, "busy"
  end
  put_in_force(batch, put, remove, pointer)
  return "applied"
end


-- "applied", "repeat", or nil and "stale" | "base" | "busy" | "full" (with bytes needed and free).
return function(batch, pause)
  local token = lock.acquire()
  if not token then
    return nil, "busy"
  end
  local ok, result, reason, needed, free = pcall(apply, batch, token, pause)
  lock.release(token)
  if not ok then
    error(result, 0)
  end
  return result, reason, needed, free
end
