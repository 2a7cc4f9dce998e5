-- From host and URI to a route key: the host's own document, else that of the wildcard one label above, else that
-- of every other host. A host that is known never falls through to another one's paths.
-- phase: rewrite, balancer, ssl_certificate · yields: no · dicts: by way of the reader · state: indexes in its cache

local paths = require("ingress.paths")
local reader = require("ingress.reader")

local find = string.find
local forget = reader.forget
local get = reader.get
local sub = string.sub

local _M = {}


-- Cache entry of the wildcard above a host, or false.
function _M.wildcard(host)
  local dot = find(host, ".", 2, true)
  return dot and #host < 254 and get("host", "*" .. sub(host, dot))
end


local function host_entry(host)
  return #host < 254 and get("host", host) or _M.wildcard(host) or get("host", "*")
end


-- Route key; or nil, the path to redirect to and by which status; or nil, nil and a status to answer with; or nil
-- when nothing matches.
function _M.match(host, uri)
  local entry = host_entry(host)
  local key, redirect, status
  if entry then
    local index = entry.derived
    if not index then
      index = paths.index(entry.body)
      entry.derived = index
    end
    key, redirect, status = paths.match(index, uri)
  end
  if key or status then
    return key, redirect, status
  end
  local settings = reader.settings()
  return settings and settings.defaultRoute
end


-- The next match reads anew what it goes by.
local function let_go(host)
  forget("host", host)
  local dot = find(host, ".", 2, true)
  if dot then
    forget("host", "*" .. sub(host, dot))
  end
  forget("host", "*")
  forget("settings", "global")
end


-- Key and cache entry of the route; or nil, and what `match` says besides. While a batch is being put in force, what
-- this worker has read a moment ago may refer to what has left since. What replaces it is there by then, because
-- removals come last: so it is looked up anew, once.
function _M.find(host, uri)
  local key, path, status = _M.match(host, uri)
  local entry = key and get("route", key)
  if key and not (entry and get("backend", entry.body.backend)) then
    let_go(host)
    forget("route", key)
    key, path, status = _M.match(host, uri)
    entry = key and get("route", key)
  end
  return key, entry, path, status
end

return _M
