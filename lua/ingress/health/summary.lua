-- What is out, in one text that the holder of the lease keeps up to date, so that whoever asks often needs no look at
-- everything: {"out":N,"panic":[backends]}. Once a second at most, and only while something is out or has been.
--   summary
-- On the way verdicts leave that nobody would take back any more: of what went while nobody held the lease.
-- phase: timer, content · yields: no · dicts: ingress_health · state: per worker: what it saw when it last looked

local fit_of = require("ingress.health.fit").of
local json = require("ingress.json")
local name_of = require("ingress.balancer.name")
local reader = require("ingress.reader")
local registry = require("ingress.health.registry")
local verdicts = require("ingress.health.verdicts")

local concat = table.concat
local dict = ngx.shared.ingress_health
local match = string.match
local now = ngx.now
local pairs = pairs
local sort = table.sort

local SECONDS = 1
local NOTHING = '"out":0,"panic":[]'

local OF_BACKENDS = { moved = true, panic = true, peers = true }

local seen, looked, something = nil, 0, true

local _M = {}


-- Is it checked? Not known before everything was looked at.
local function is_task(id, name)
  local backend = registry.backends()[id]
  return backend ~= nil and backend.tasks[name] ~= nil
end


-- What is kept for a backend as a whole leaves with it.
local function forget(key)
  local kind, id = match(key, "^(%l+):(.+)$")
  if OF_BACKENDS[kind] and not reader.get("backend", id) then
    dict:delete(key)
  end
end


-- Set of the backends against whose endpoints something is said. purge: whether what is stale shall go.
local function accused(purge)
  local ids = {}
  local keys = dict:get_keys(0)
  for i = 1, #keys do
    local kind, id, name = match(keys[i], "^(%l+):(.+)|([^|]+)$")
    if purge and not kind then
      forget(keys[i])
    elseif kind == "down" or kind == "out" then
      if purge and kind == "down" and not is_task(id, name) then
        verdicts.clear(id, name)
      else
        ids[id] = true
      end
    end
  end
  return ids
end


-- What is so of a backend now: {body, names, verdicts, fit}, see fit.lua; nil when there is none.
function _M.of(id)
  local entry = reader.get("backend", id)
  if not entry then
    return nil
  end
  local names, endpoints = {}, entry.body.endpoints
  for i = 1, #endpoints do
    names[i] = name_of(endpoints[i])
  end
  local said = verdicts.read(id, names)
  return { body = entry.body, names = names, verdicts = said or {}, fit = fit_of(entry.body, names, said, nil, now()) }
end


-- How many are out by what still counts: a backend may be checked otherwise by now, and who drains is on its way anyway.
local function count_out(found)
  local body, out = found.body, 0
  for i = 1, #found.names do
    local verdict = found.verdicts[found.names[i]]
    local counts = verdict and (verdict.ejected and body.passive or verdict.down and body.check)
    if counts and not body.endpoints[i].draining then
      out = out + 1
    end
  end
  return out
end


-- Sorted list of {id, out = number of endpoints, panic}, of those backends that have something out.
function _M.list(purge)
  local list = {}
  for id in pairs(accused(purge)) do
    local found = _M.of(id)
    local out = found and count_out(found) or 0
    if out > 0 then
      list[#list + 1] = { id = id, out = out, panic = found.fit.panic }
    end
  end
  sort(list, function(a, b)
    return a.id < b.id
  end)
  return list
end


local function text_of(list)
  local out, panic = 0, {}
  for i = 1, #list do
    out = out + list[i].out
    panic[#panic + 1] = list[i].panic and list[i].id or nil
  end
  return concat({ '"out":', out, ',"panic":', json.list(panic) })
end


-- In the holder of the lease.
function _M.tick()
  local moved, time = verdicts.moved(), now()
  if time >= looked and time - looked < SECONDS or not something and moved == seen then
    return
  end
  local list = _M.list(registry.complete())
  seen, looked, something = moved, time, #list > 0 or not registry.complete()
  dict:safe_set("summary", text_of(list))
end


-- For an own look at the next tick: another may have held the lease.
function _M.start()
  seen, looked, something = nil, 0, true
end


-- The members, without braces.
function _M.text()
  return dict:get("summary") or NOTHING
end

return _M
