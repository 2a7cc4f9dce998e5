-- Whether a request goes to a canary. Pure: plain values in, a boolean out. The precedence is ingress-nginx's:
-- header (its value, else its pattern, else always/never), then cookie (always/never), then weight.
-- phase: any · yields: no · dicts: none · state: none

local max = math.max

local _M = {}


-- canary: of the route document. header, cookie: what the request has, or nil. find(subject, pattern) → from, to,
-- err. random(n) → 1 … n.
function _M.chooses(canary, header, cookie, find, random)
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
  local weight = canary.weight
  return weight > 0 and random(max(canary.weightTotal, 100)) <= weight
end

return _M
