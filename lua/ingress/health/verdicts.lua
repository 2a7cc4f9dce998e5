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


local function said(id)
  dict:incr("moved:" .. id, 1, 0)
  dict:incr("moved", 1, 0)
end


local function write(key, text, seconds)
  local ok, err = dict:safe_set(key, text, seconds or 0)
  if not ok then
    ngx.log(ngx.ERR, "ingress_health has no room for what is known of an endpoint: ", err)
  end
  return ok
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
-- later. False: it is already, for as long as was said then.
function _M.eject(id, name, seconds, reason)
  local key = key_of("out", id, name)
  local time = now()
  local ends = match(dict:get(key) or "", "^%S+ (%S+)")
  if ends and time < tonumber(ends) then
    return false
  end
  if write(key, format("%.3f %.3f %s", time, time + seconds, reason), FORGET * seconds + 60) then
    said(id)
  end
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


-- List of names → {name → {down = {since, reason}, ejected = {since, ends, reason}}}, or nil: nothing of any.
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
        verdict.ejected = { since = tonumber(since), ends = tonumber(ends), reason = reason }
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
