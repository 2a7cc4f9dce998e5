-- Routes that ask for nothing but the next peer of their backend, as most do. What their documents come to is kept in
-- one small table each while the version stands: requests to thousands of routes then touch little memory, which is
-- what they wait for.
-- phase: balancer · yields: no · dicts: by way of the reader · state: per worker, for one version; no more than there are routes

local backends = require("ingress.backends")
local get = require("ingress.reader").get
local hears = require("ingress.feedback").hears
local var = ngx.var

local _M = {}

local known, version, changes = {}, nil, 0


-- Route key → {pick, picker, hash_by, more, measured}: the algorithm's (see balancer/algorithms.lua), what its key is made
-- of, whether another attempt may follow, and the backend's state where its end has to be heard. `v` is what reader.sync has said.
function _M.routes(v)
  if v ~= version or changes ~= backends.changes then
    known, version, changes = {}, v, backends.changes
  end
  return known
end


-- The route that a request was sent by: the document's body, the state of its backend, how many attempts there may be.
function _M.learn(route, state, attempts)
  local special = route.stale or route.denied or route.identity or route.canaries or route.timeouts
  special = special or route.affinity or route.failover or state.trials
  if special or (route.triesTimeout or 0) > 0 then
    return
  end
  local key = var.route
  local entry = key and key ~= "" and get("route", key)
  if not entry or entry.body ~= route then -- what the location names is not what was found
    return
  end
  known[key] = {
    pick = state.algorithm.pick,
    picker = state.picker,
    hash_by = state.body.hashBy,
    more = attempts > 1,
    measured = state.measures and hears() and state,
  }
end

return _M
