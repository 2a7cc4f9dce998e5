-- The balancer state of a backend in this worker, made at first use and carried over when its endpoints change.
-- phase: rewrite, balancer · yields: no · dicts: by way of the reader · state: in the reader's cache entries

local algorithms = require("ingress.balancer.algorithms")
local get = require("ingress.reader").get

local _M = {}


local function derive(entry)
  local body, former = entry.body, entry.former
  entry.former = nil
  if #body.endpoints == 0 then
    return false
  end
  local algorithm = algorithms[body.algorithm]
  local picker
  if former and former.algorithm == algorithm then
    picker = algorithm.sync(former.picker, body)
  else
    picker = algorithm.new(body)
  end
  return { algorithm = algorithm, picker = picker, count = picker.count }
end


-- {algorithm, picker, count}, or false when the backend is unknown or has no endpoints.
function _M.state(id)
  local entry = get("backend", id)
  if not entry then
    return false
  end
  local state = entry.derived
  if state == nil then
    state = derive(entry)
    entry.derived = state
  end
  return state
end

return _M
