-- Puts a batch in force, wholly or not at all: stage every value beside the old ones, flip the pointers in the
-- given order, publish, then delete the old values. Documents that are there already, by their digest, are left
-- alone, so a full batch of an unchanged world needs no room and disturbs no cache.
-- phase: init, content · yields: while staging, through the `pause` it is given · dicts: all three · state: none

local documents = require("ingress.store.documents")
local judge = require("ingress.store.judge")
local lock = require("ingress.store.lock")
local needed_for = require("ingress.store.room")
local recover = require("ingress.store.recover")
local version = require("ingress.store.version")

local format = string.format
local pairs = pairs
local state = ngx.shared.ingress_state

local VALUES_PER_PAUSE = 500


-- What really changes: puts of new digests, and removals of keys that exist, in order.
local function difference(batch)
  local put, remove = {}, {}
  for i = 1, #batch.put do
    local item = batch.put[i]
    if documents.digest(item.key) ~= item.digest then
      put[#put + 1] = item
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


local function unstage(put, count, attempt)
  for i = 1, count do
    local key = put[i].key
    documents.delete_value(key, attempt .. put[i].digest)
    if documents.pointer(key) == documents.ABSENT then
      documents.delete_pointer(key)
    end
  end
  state:delete("staging")
end


local function stage(put, attempt, pause)
  if not state:safe_set("staging", attempt) then
    return false
  end
  for i = 1, #put do
    local item = put[i]
    if not documents.stage(item.key, attempt .. item.digest, item.line) then
      unstage(put, i, attempt)
      return false
    end
    if pause and i % VALUES_PER_PAUSE == 0 then
      pause()
    end
  end
  return true
end


-- No pause from here on: readers see the steps between only for as long as these loops take.
local function put_in_force(batch, put, remove, attempt)
  local old, changed = {}, {}
  for i = 1, #put do
    local key = put[i].key
    old[i] = documents.pointer(key)
    documents.flip(key, attempt .. put[i].digest)
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
  batch.attempt = attempt
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
  local put, remove = difference(batch)
  local needed, free = needed_for(put), documents.free()
  if needed > free then
    return nil, "full", needed, free
  end
  local attempt = format("%08x", state:incr("serial", 1, 0) % 2 ^ 32)
  if not stage(put, attempt, pause) then
    return nil, "full", needed, documents.free()
  end
  if not lock.holds(token) then
    return nil, "busy"
  end
  put_in_force(batch, put, remove, attempt)
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
