-- What is known against endpoints, by all workers alike and over reloads. An endpoint of which nothing is written here
-- is fit. Names are those of balancer/name.lua.
--   down:<backend>|<name>  "<since> <reason>": an active check says so, until it says otherwise
--   out:<backend>|<name>   "<since> <ends> <reason>": ejected by failed requests; from `ends` on it may be tried again
--   moved                  counts changes; moved:<backend> those of one backend: there is none, where none ever was
--   panic:<backend>        too few are fit, so all are used
-- phase: any but init · yields: no · dicts: ingress_health · state: none

local dict = ngx.shared.ingress_health

local format = string.format
local match = string.match
local now = ngx.now
local tonumber = tonumber

-- times the ejection
local FORGET = 10

local _M = {}


local function key_of(kind, id, name)
  return kind .. ":" .. id .. "|" .. name
end


-- safe_add and not an initial value: without room that would drive out what others know.
local function raise(key)
  if not dict:incr(key, 1) then
    dict:safe_add(key, 0)
    dict:incr(key, 1)
  end
end


local function said(id)
  raise("moved:" .. id)
  raise("moved")
end


local function write(key, text, seconds)
  local ok, err = dict:safe_set(key, text, seconds or 0)
  if not ok then
    ngx.log(ngx.ERR, "ingress_health has no room for what is known of an endpoint: ", err)
  end
  return ok
end


local function forgotten_after(seconds)
  return FORGET * seconds + 60
end


-- An active check has failed often enough.
function _M.mark(id, name, reason)
  if write(key_of("down", id, name), format("%.3f %s", now(), reason)) then
    said(id)
  end
end


-- An active check has succeeded often enough, or nobody asks any more.
function _M.clear(id, name)
  local key = key_of("down", id, name)
  if dict:get(key) then
    dict:delete(key)
    said(id)
  end
end


-- Out for so many seconds, and then until a request that tries it succeeds. What nobody tries is forgotten some time
-- later. False: it is already, for as long as was said then, or there is no room to say so.
function _M.eject(id, name, seconds, reason)
  local key = key_of("out", id, name)
  local time = now()
  local ends = match(dict:get(key) or "", "^%S+ (%S+)")
  if ends and time < tonumber(ends) then
    return false
  end
  if not write(key, format("%.3f %.3f %s", time, time + seconds, reason), forgotten_after(seconds)) then
    return false
  end
  said(id)
  return true
end


-- It has been tried with success.
function _M.readmit(id, name)
  dict:delete(key_of("out", id, name))
  said(id)
end


function _M.is_down(id, name)
  return dict:get(key_of("down", id, name)) ~= nil
end


-- Rises with each change of any of them.
function _M.moved()
  return dict:get("moved") or 0
end


function _M.moved_of(id)
  return dict:get("moved:" .. id) or 0
end


-- List of names → {name → {down = {since, reason}, ejected = {since, ends, forgotten, reason}}}, or nil: nothing is
-- said of any.
function _M.read(id, names)
  if not dict:get("moved:" .. id) then
    return nil
  end
  local all
  for i = 1, #names do
    local name = names[i]
    local down, out = dict:get(key_of("down", id, name)), dict:get(key_of("out", id, name))
    if down or out then
      all = all or {}
      local verdict = {}
      if down then
        local since, reason = match(down, "^(%S+) (.*)$")
        verdict.down = { since = tonumber(since), reason = reason }
      end
      if out then
        local since, ends, reason = match(out, "^(%S+) (%S+) (.*)$")
        since, ends = tonumber(since), tonumber(ends)
        local forgotten = since + forgotten_after(ends - since)
        verdict.ejected = { since = since, ends = ends, forgotten = forgotten, reason = reason }
      end
      all[name] = verdict
    end
  end
  return all
end


-- Says whether that is new: one of several workers is the first to see it.
function _M.panic(id, panics)
  local key = "panic:" .. id
  if not panics then
    local was = dict:get(key) ~= nil
    dict:delete(key)
    return was
  end
  return dict:safe_add(key, now()) == true
end


-- Since when, or nil.
function _M.panics(id)
  return dict:get("panic:" .. id)
end

return _M
