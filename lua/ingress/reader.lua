-- Documents decoded, as this worker knows them. `sync` looks at the version (one read of a small dict) and when it
-- has moved lets go of what the log names; `get` decodes at first use. Misses are not remembered, because names of
-- hosts are the clients' choice, except for the two names that every other host ends at.
-- phase: any but init · yields: no · dicts: ingress_version, ingress_state (own worker key), ingress_documents
-- state: per worker. Dropped entries are kept aside for a while: when the document comes back their derived state
--        (a balancer's position, a parsed certificate) is handed on.

local json = require("ingress.json")
local read = require("ingress.store.documents").read
local version = require("ingress.store.version")
local workers = require("ingress.store.workers")

local dict = ngx.shared.ingress_version
local find = string.find
local gmatch = string.gmatch
local log = ngx.log
local now = ngx.now
local sub = string.sub

local KEEP_ASIDE = 10

local ALWAYS_ASKED = { ["host:*"] = true, ["settings:global"] = true }

local cache, aside = nil, nil
local aside_since = 0
local seen = nil
-- who wants to hear which documents of one kind have moved
local followed, follower = nil, nil

local _M = {}


local function empty()
  return { settings = {}, certificate = {}, identity = {}, backend = {}, route = {}, host = {} }
end


local function drop(key)
  local colon = find(key, ":", 1, true)
  local kind, id = sub(key, 1, colon - 1), sub(key, colon + 1)
  local entry = cache[kind][id]
  if entry ~= nil then
    aside[kind][id] = entry or nil
    cache[kind][id] = nil
  end
  if kind == followed then
    follower(id)
  end
end


local function drop_all()
  aside = cache or empty()
  cache = empty()
  if followed then
    follower(nil)
  end
end


-- Every step since the one that we have seen; a gap in the log means anything may have changed.
local function adopt(v)
  if not seen or v < seen or v - seen > version.RING then
    drop_all()
  else
    for step = seen + 1, v do
      local entry = version.log(step)
      if not entry or entry == "*" then
        drop_all()
        break
      end
      for key in gmatch(entry, "[^\n]+") do
        drop(key)
      end
    end
  end
  if aside_since == 0 then
    aside_since = now()
  end
  seen = v
  workers.acknowledge(v)
end


local function load(kind, id)
  local key = kind .. ":" .. id
  local line = read(key)
  if not line then
    if ALWAYS_ASKED[key] then
      cache[kind][id] = false
    end
    return false
  end
  local document, err = json.decode(line)
  if not document then
    log(ngx.ERR, "document ", key, " does not decode: ", err)
    return false
  end
  local former = aside[kind][id]
  aside[kind][id] = nil
  if former and former.digest == document.digest then -- it was dropped with others
    cache[kind][id] = former
    return former
  end
  local entry = { body = document.body, digest = document.digest, former = former and former.derived }
  cache[kind][id] = entry
  return entry
end


-- Call it before the first `get` of a phase. Says which version is in force.
function _M.sync()
  local v = dict:get("v")
  if v ~= seen then
    v = v or 0
    adopt(v)
  end
  return v
end


-- {body, derived, former}, or false. `derived` is the caller's to fill; `former` is what was derived from the
-- document that stood here before.
function _M.get(kind, id)
  local entry = cache[kind][id]
  if entry ~= nil then
    return entry
  end
  return load(kind, id)
end


-- The same, only if this worker has it by now.
function _M.cached(kind, id)
  return cache[kind][id]
end


-- The document is decoded anew when it is next asked for, and nothing that was derived from it is handed on.
function _M.forget(kind, id)
  cache[kind][id] = nil
end


-- The general settings, or nil before the first batch.
function _M.settings()
  local entry = _M.get("settings", "global")
  return entry and entry.body or nil
end


-- From now on `heard` is called with the id of each document of that kind that has moved, or nil: any may have. It may
-- be called in any phase, so it only takes a note. There is one such follower; kind of nil: none.
function _M.follow(kind, heard)
  followed, follower = kind, heard
end


-- For idle workers, from a timer: adopt what they would adopt at their next request, forget what is kept aside.
function _M.tick()
  _M.sync()
  if aside_since > 0 and now() - aside_since > KEEP_ASIDE then
    aside = empty()
    aside_since = 0
  end
end


function _M.start()
  drop_all()
  adopt(version.v())
end

return _M
