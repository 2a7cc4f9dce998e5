-- Whether a request goes to a canary. Pure: plain values in and out. The precedence is ingress-nginx's: header (its
-- value, else its pattern, else always/never), then cookie (always/never), then weight.
-- phase: any · yields: no · dicts: none · state: none

local max = math.max
local share_of = require("ingress.balancer.hash").share

local _M = {}


-- canary: of the route document. header, cookie: what the request has, or nil. find(subject, pattern) → from, to,
-- err. true or false, or nil: the weight decides.
function _M.asked(canary, header, cookie, find)
  if header then
    if canary.headerValue then
      if header == canary.headerValue then
        return true
      end
    elseif canary.headerPattern then
      local from, _, err = find(header, canary.headerPattern)
      if err then
        return false
      end
      if from then
        return true
      end
    elseif header == "always" then
      return true
    elseif header == "never" then
      return false
    end
  end
  if cookie == "always" then
    return true
  elseif cookie == "never" then
    return false
  end
  return nil
end


-- How much of the weight is in force at a time, from 0 to 1: it grows evenly while the ramp lasts.
local function progress(ramp, time)
  if time >= ramp.start + ramp.duration then
    return 1
  end
  return max(0, (time - ramp.start) / ramp.duration)
end


-- The part of the requests that is the canary's, from 0 to 1. It never shrinks as time goes on.
function _M.share(canary, time)
  local share = canary.weight / max(canary.weightTotal, 100)
  local ramp = canary.ramp
  return ramp and share * progress(ramp, time) or share
end


-- Where a text stands from 0 to 1, the same everywhere and for good: it is the canary's as long as that is below the
-- canary's share. So a larger share takes in more, and lets go of none.
function _M.place(salt, text)
  return share_of(salt .. "\0" .. text)
end

return _M
