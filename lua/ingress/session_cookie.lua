-- The cookie of a sticky session, `<key>|<tag>` in lower-case hex digits. The tag says which backend the session is at;
-- what the key means, affinity.lua knows. Clients may send anything: what is not exactly of this form is no session.
-- phase: balancer · yields: no · dicts: none · state: none

local byte = string.byte
local cookie_time = ngx.cookie_time
local find = string.find
local header = ngx.header
local match = string.match
local misreads_none = require("ingress.same_site")
local sub = string.sub
local time = ngx.time
local type = type
local var = ngx.var

local SPACE, SEMICOLON = byte(" "), byte(";")
local VALUE = "^([%da-f]+)|([%da-f]+)([^;]?)"
-- of the same name that are looked at: those of other paths and domains come along
local MOST = 10

local _M = {}


local function begins_pair(text, at)
  local before = at > 1 and byte(text, at - 1)
  return not before or before == SPACE or before == SEMICOLON
end


-- Of the cookies of that name the first with one of the tags: its key, and what the table has for its tag.
function _M.read(name, tags)
  local text = var.http_cookie
  if not text then
    return nil
  end
  local start, from = name .. "=", 1
  for _ = 1, MOST do
    local at, to = find(text, start, from, true)
    if not at then
      return nil
    end
    local key, tag, rest = match(text, VALUE, to + 1)
    if key and rest == "" and (#key == 16 or #key == 32) and tags[tag] and begins_pair(text, at) then
      return key, tags[tag]
    end
    from = to + 1
  end
  return nil
end


local function is_secure(affinity)
  if affinity.secure ~= nil then
    return affinity.secure
  end
  return (var.pass_access_scheme or var.scheme) == "https"
end


local function line_of(affinity, value)
  local line = affinity.name .. "=" .. value .. "; Path=" .. affinity.path
  if affinity.domain then
    line = line .. "; Domain=" .. affinity.domain
  end
  if affinity.expires then
    line = line .. "; Expires=" .. cookie_time(time() + affinity.expires)
  end
  if affinity.maxAge then
    line = line .. "; Max-Age=" .. affinity.maxAge
  end
  if is_secure(affinity) then
    line = line .. "; Secure"
  end
  line = line .. "; HttpOnly"
  local same_site = affinity.sameSite
  if same_site == "None" and affinity.conditionalSameSiteNone and misreads_none(var.http_user_agent) then
    same_site = nil
  end
  return same_site and line .. "; SameSite=" .. same_site or line
end


-- Beside what others have set; an earlier one of ours, for an endpoint that has failed meanwhile, is replaced.
function _M.set(affinity, key, tag)
  local line, start = line_of(affinity, key .. "|" .. tag), affinity.name .. "="
  local others = header["Set-Cookie"]
  if type(others) ~= "table" then
    others = { others }
  end
  local lines = {}
  for i = 1, #others do
    if sub(others[i], 1, #start) ~= start then
      lines[#lines + 1] = others[i]
    end
  end
  lines[#lines + 1] = line
  header["Set-Cookie"] = lines
end

return _M
