-- Whether one of a route's canaries takes a request: a sticky session stays on its side, others are decided by asking
-- them in order, with what each looks at. One without endpoints is not asked, nor one whose endpoints active checks have
-- found down, all of them: it takes nothing until one is up again.
-- phase: balancer · yields: no · dicts: by way of the reader · state: in the route's document: the largest share of a
--        canary that grows

local backends = require("ingress.backends")
local canary_rules = require("ingress.canary")

local asked = canary_rules.asked
local gsub = string.gsub
local now = ngx.now
local place_of = canary_rules.place
local random = math.random
local re_find = ngx.re.find
local share_of = canary_rules.share
local side_of = require("ingress.affinity").side
local text_of = require("ingress.hash_key").text
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


-- The part of the requests that is a canary's at a time. One that grows never shrinks in this worker, since the clock
-- may be set back.
function _M.share(canary, time)
  local share = share_of(canary, time)
  if canary.ramp then
    if share < (canary.largest or 0) then
      return canary.largest
    end
    canary.largest = share
  end
  return share
end


-- By chance, or by who asks; of whom nothing is known but an address, that.
local function place(canary)
  local parts = canary.bucketBy
  if not parts then
    return random()
  end
  return place_of(canary.salt or "", text_of(parts) or var.remote_addr or "")
end


local function can_serve(id)
  local state = backends.state(id)
  return state and not state.dead
end


-- Backend id, or nil: the route's own.
function _M.choose(route)
  local side = side_of(route)
  if side and (side == route.backend or can_serve(side)) then
    return side
  end
  local list = route.canaries
  for i = 1, #list do
    local canary = list[i]
    if can_serve(canary.backend) then
      local header = canary.header and header_of(canary)
      local cookie = canary.cookie and var["cookie_" .. canary.cookie]
      local takes = asked(canary, header, cookie, find)
      if takes == nil then
        takes = place(canary) < _M.share(canary, now())
      end
      if takes then
        return canary.backend
      end
    end
  end
  return nil
end

return _M
