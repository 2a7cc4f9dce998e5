-- Puts a route's rewrite in force, as nginx's `rewrite "(?i)pattern" target break` does: groups are those of the
-- normalised URI, the query stays, and nginx escapes the new URI when it sends it. So whatever a group has caught
-- (a space, a percent sign, a line feed that came as %0a) arrives as it came, and never ends a request line.
-- phase: rewrite · yields: no · dicts: none · state: none

local byte = string.byte
local clear_header = ngx.req.clear_header
local format = string.format
local gsub = string.gsub
local re_match = ngx.re.match
local set_header = ngx.req.set_header
local set_uri = ngx.req.set_uri
local type = type
local var = ngx.var

local SLASH = byte("/")

local _M = {}


-- Text, and groups by number; one that took no part in the match is nothing.
local function join(parts, groups)
  local text = ""
  for i = 1, #parts do
    local part = parts[i]
    text = text .. (type(part) == "number" and (groups[part] or "") or part)
  end
  return text
end


local function escape(character)
  return format("%%%02X", byte(character))
end


-- Nothing in front of us may end the header: nginx sends values as they are.
local function tell_prefix(parts, groups)
  local value = gsub(join(parts, groups), "%c", escape)
  if value == "" then
    return clear_header("X-Forwarded-Prefix")
  end
  return set_header("X-Forwarded-Prefix", value)
end


-- What a URI becomes, and the groups; or nil: the pattern does not match after all, or not within its limit.
local function rewritten(rewrite, uri)
  local groups = re_match(uri, rewrite.pattern, "ijo")
  if not groups then
    return nil
  end
  local target = join(rewrite.target, groups)
  if byte(target) ~= SLASH then
    target = "/" .. target -- it may be a group that caught none; nginx would send what is no request line
  end
  return target, groups
end


_M.rewritten = rewritten


-- False: nothing may be served. What was matched is kept in $rewritten, for the balancer, which may have to match again.
function _M.apply(rewrite)
  local original = var.uri
  local uri, groups = rewritten(rewrite, original)
  if not uri then
    return false
  end
  if rewrite.forwardedPrefix then
    tell_prefix(rewrite.forwardedPrefix, groups)
  end
  var.rewritten = original
  set_uri(uri, false, true)
  return true
end

return _M
