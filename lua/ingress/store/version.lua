-- What is in force and what changed on the way there. `v` counts steps; each step has a log entry that names the
-- documents it changed, one a line, or `*` for anything. A step is published by raising `v`, last.
--   current  "<v> <epoch> <generation> <attempt> <state>", of fixed size: written over in place
--   log:<v>  the newest 1,024
-- phase: any · yields: no · dicts: ingress_version, ingress_state · state: none

local state = ngx.shared.ingress_state
local version = ngx.shared.ingress_version

local concat = table.concat
local format = string.format
local match = string.match
local tonumber = tonumber

local RING = 1024
local ENTRY_BYTES = 1900
local ENTRIES = 64

local _M = { RING = RING }


function _M.v()
  return version:get("v") or 0
end


-- {v, epoch, generation, attempt, state}, or nil before the first batch.
function _M.current()
  local text = state:get("current")
  if not text then
    return nil
  end
  local v, epoch, generation, attempt, digest = match(text, "^(%d+) (%d+) (%d+) (%x+) (%x+)$")
  return {
    v = tonumber(v),
    epoch = tonumber(epoch),
    generation = tonumber(generation),
    attempt = attempt,
    state = digest,
  }
end


-- Chunks of keys that fit an entry each; too many keys: "*" costs the workers less than a long list.
local function entries_of(keys)
  local entries, chunk, bytes = {}, {}, 0
  for i = 1, #keys do
    local key = keys[i]
    if bytes + #key > ENTRY_BYTES then
      entries[#entries + 1] = concat(chunk, "\n")
      chunk, bytes = {}, 0
    end
    chunk[#chunk + 1] = key
    bytes = bytes + #key + 1
  end
  entries[#entries + 1] = concat(chunk, "\n")
  if #entries > ENTRIES then
    return { "*" }
  end
  return entries
end


-- Publishes that these keys changed; with `next` ({epoch, generation, attempt, state}) also that this is in force.
-- An entry that finds no room is left out: workers take a gap for "*".
function _M.publish(keys, next)
  local entries = entries_of(keys)
  local v = _M.v()
  for i = 1, #entries do
    state:delete("log:" .. v + i - RING)
    state:safe_set("log:" .. v + i, entries[i])
  end
  if next then
    local text = format("%016d %016d %016d %s %s", v + #entries, next.epoch, next.generation, next.attempt, next.state)
    local ok, err = state:safe_set("current", text)
    if not ok then
      error("ingress_state is too small: " .. err)
    end
  end
  version:set("v", v + #entries)
end


function _M.log(v)
  return state:get("log:" .. v)
end


-- A process that died between writing `current` and raising `v` left everything done but this.
function _M.complete(current)
  if current and _M.v() < current.v then
    version:set("v", current.v)
  end
end

return _M
