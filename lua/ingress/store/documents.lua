-- Documents in shared memory: `<kind>:<id>` holds a pointer, `<kind>:<id>#<pointer>` the document's line. A pointer
-- is 40 hex digits: 8 for the attempt that wrote it, 32 for the document's digest, so what is there is known without
-- reading it (to make a Lua string of a long line costs 10 µs on a bad day); zeros: absent. Values are written
-- beside the old ones and pointers flipped, because a bigger value written over an existing key deletes the old one
-- when the dict is full; a flip has a fixed size and never allocates.
-- phase: any · yields: no · dicts: ingress_documents · state: none

local dict = ngx.shared.ingress_documents

local find = string.find
local sub = string.sub

local ABSENT = ("0"):rep(40)
local POINTER = "#" .. ("%x"):rep(40) .. "$"
-- A reader may hold a pointer whose value has just been deleted; the next look finds the new one.
local LOOKS = 5

local _M = { ABSENT = ABSENT, POINTER = POINTER }


-- The line that is in force, or nil.
function _M.read(key)
  for _ = 1, LOOKS do
    local pointer = dict:get(key)
    if not pointer or pointer == ABSENT then
      return nil
    end
    local line = dict:get(key .. "#" .. pointer)
    if line then
      return line
    end
  end
  return nil
end


function _M.pointer(key)
  return dict:get(key)
end


-- Digest of the document that is in force, or nil.
function _M.digest(key)
  local pointer = dict:get(key)
  return pointer and pointer ~= ABSENT and sub(pointer, 9) or nil
end


-- The attempt that wrote this pointer.
function _M.attempt(pointer)
  return sub(pointer, 1, 8)
end


-- Writes a value beside the one in force; nil, "no memory".
function _M.stage(key, pointer, line)
  local ok, err = dict:safe_set(key .. "#" .. pointer, line)
  if ok then
    ok, err = dict:safe_add(key, ABSENT)
    if not ok and err == "exists" then
      return true
    end
  end
  return ok, err
end


-- Never allocates for a key that exists.
function _M.flip(key, pointer)
  local ok, err = dict:safe_set(key, pointer)
  if not ok then
    error("flip of a key that was not staged: " .. err, 2)
  end
end


function _M.delete_value(key, pointer)
  if pointer and pointer ~= ABSENT then
    dict:delete(key .. "#" .. pointer)
  end
end


function _M.delete_pointer(key)
  dict:delete(key)
end


-- pointers: key → pointer, values: list of {key, pointer}. Walks the whole dict under its lock.
function _M.all()
  local keys = dict:get_keys(0)
  local pointers, values = {}, {}
  for i = 1, #keys do
    local key = keys[i]
    local at = find(key, POINTER)
    if at then
      values[#values + 1] = { sub(key, 1, at - 1), sub(key, at + 1) }
    else
      pointers[key] = dict:get(key)
    end
  end
  return pointers, values
end


function _M.free()
  return dict:free_space()
end

return _M
