-- Which route a request belongs to by now. What the files of this worker say may be out of date: a key may have left
-- since a request was matched, minutes ago for a slow upload, or stay in a compiled location whose host is gone; and a
-- location may be of older paths of its host. Then what is in force for the URI decides.
-- phase: balancer, rewrite of compiled locations · yields: no · dicts: by way of the reader · state: none

local get = require("ingress.reader").get
local match = string.match
local rewritten = require("ingress.rewrite").rewritten
local router = require("ingress.router")
local tonumber = tonumber
local var = ngx.var

local _M = {}


-- What the new route asks before it is reached cannot be made up for here: such a request is not taken along.
local function may_take(route)
  if route.sslRedirect and var.pass_access_scheme == "http" then
    return false
  end
  local length = tonumber(var.content_length)
  return not length or route.bodySize == 0 or length <= route.bodySize
end


-- What endpoints are asked for by a route.
local function asked_as(route, uri)
  if route.rewrite then
    return (rewritten(route.rewrite, uri))
  end
  return uri
end


-- Route, or nil and a status. Where a redirect is wanted now, the older location serves on. 503 when endpoints would
-- now be asked for another URI than this request has by now: it cannot be rewritten here.
local function match_again(entry)
  local uri, before = var.uri, var.rewritten
  local original = before and before ~= "" and before or uri
  local _, current, path, status = router.find(var.host, original)
  if status == 503 or current and asked_as(current.body, original) ~= uri then
    return nil, 503
  elseif current and (entry or may_take(current.body)) then
    return current.body
  elseif entry and path then
    return entry.body
  end
  return nil, 404
end


-- Blocks of one protocol without an identity are as good as each other; of the others each is for itself.
local function sort_of(shard)
  return match(shard, "^%x%x_(%l+)_*$") or match(shard, "^(%l+)_%d%d?$") or shard
end


-- A location has the directives of one protocol and one identity. Compiled ones of plain HTTP name no block here.
local function speaks_for(route)
  local shard = var.shard
  return sort_of(route.shard) == (shard and shard ~= "" and sort_of(shard) or "shard")
end


-- The body of its document; or nil and the status that it is answered with, 404 or 503.
function _M.find()
  local key = var.route
  local entry = key and key ~= "" and get("route", key)
  if entry and not entry.body.stale then
    return entry.body
  end
  local route, status = match_again(entry)
  if route and not speaks_for(route) then
    return nil, 503
  end
  return route, status
end

return _M
