-- What has to be checked, as the holder of the lease knows it. The first look is at all backends, in slices; from then
-- on the reader says which documents have moved.
-- phase: timer · yields: follow, between slices · dicts: by way of the store and of tasks
-- state: per worker, empty in all but the holder

local documents = require("ingress.store.documents")
local json = require("ingress.json")
local reader = require("ingress.reader")
local tasks_of = require("ingress.health.tasks").of

local find = string.find
local log = ngx.log
local match = string.match
local next = next
local ngx = ngx
local pairs = pairs
local pcall = pcall
local sleep = ngx.sleep

local PER_SLICE = 500

-- backend → {check, tasks = {name → task}}
local backends = {}
-- backend → digest of the document that was looked at
local known = {}
-- set of backends whose documents have moved, and whether any other may have
local moved, anything = {}, false
local looking = false
-- counts starts and stops: a look that was begun before one of them is not gone on with
local era = 0

local _M = {}


local function note(id)
  if id then
    moved[id] = true
  else
    anything = true
  end
end


local function look(id)
  local key = "backend:" .. id
  local digest = documents.digest(key)
  if known[id] == digest then
    return
  end
  known[id] = digest
  local line = digest and documents.read(key)
  -- inside a text the quotes would have backslashes before them
  local document = line and find(line, '"check":', 1, true) and json.decode(line)
  backends[id] = tasks_of(id, backends[id], document and document.body or nil)
end


local function all_ids()
  local ids = {}
  for key in pairs((documents.all())) do
    ids[#ids + 1] = match(key, "^backend:(.+)$")
  end
  for id in pairs(known) do
    ids[#ids + 1] = id
  end
  return ids
end


local function moved_ids()
  local ids = {}
  for id in pairs(moved) do
    ids[#ids + 1] = id
  end
  return ids
end


-- Whether there is something to follow that nobody follows yet.
function _M.is_behind()
  return not looking and (anything or next(moved) ~= nil)
end


-- Looks at what has moved since the last call. Call it in a light thread of its own: it takes its time.
function _M.follow()
  if not _M.is_behind() then
    return
  end
  local begun = era
  local ids = anything and all_ids() or moved_ids()
  moved, anything, looking = {}, false, true
  for i = 1, #ids do
    local ok, err = pcall(look, ids[i])
    if not ok then
      log(ngx.ERR, "backend ", ids[i], " cannot be checked: ", err)
    end
    if i % PER_SLICE == 0 then
      sleep(0.001) -- not 0: see config.lua
      if era ~= begun then
        return
      end
    end
  end
  looking = false
end


-- True when what there was at the start has been looked at.
function _M.complete()
  return not looking and not anything
end


-- backend → {check, tasks}; not to be changed.
function _M.backends()
  return backends
end


local function forget()
  for _, backend in pairs(backends) do
    for _, task in pairs(backend.tasks) do
      task.gone = true
    end
  end
  backends, known, moved, looking = {}, {}, {}, false
  era = era + 1
end


function _M.start()
  forget()
  anything = true
  reader.follow("backend", note)
end


-- Verdicts stay: another goes on.
function _M.stop()
  reader.follow(nil)
  forget()
end

return _M
