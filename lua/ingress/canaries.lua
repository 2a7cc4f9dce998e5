-- Asks a route's canaries in order, reading from the request what each looks at. One without endpoints is not asked.
-- phase: balancer · yields: no · dicts: by way of the reader · state: none

local backends = require("ingress.backends")
local chooses = require("ingress.canary").chooses

local gsub = string.gsub
local random = math.random
local re_find = ngx.re.find
local var = ngx.var

local _M = {}


local function find(subject, pattern)
  return re_find(subject, pattern, "jo")
end


-- nginx's variable of a header; remembered with the canary, which lives as long as its document.
local function header_of(canary)
  local name = canary.variable
  if not name then
    name = "http_" .. gsub(canary.header, "-", "_")
    canary.variable = name
  end
  return var[name]
end


-- Backend id of the first canary that takes the request, or nil.
function _M.choose(route)
  local list = route.canaries
  for i = 1, #list do
    local canary = list[i]
    if backends.state(canary.backend) then
      local header = canary.header and header_of(canary)
      local cookie = canary.cookie and var["cookie_" .. canary.cookie]
      if chooses(canary, header, cookie, find, random) then
        return canary.backend
      end
    end
  end
  return nil
end

return _M
