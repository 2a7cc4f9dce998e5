-- Sticky sessions: which endpoint the cookie of a request stands for, and the cookie of a session that begins.
--
--   pick(route, state, tried, hash_key) → address, port, name, i
--                    state: of the backend that was chosen for the request, whichever it is; `tried` and `hash_key` as
--                    algorithms take them. `i` is the position in `state.picker`, or nil of a draining endpoint: that
--                    one is not counted in `state.count` either. Nothing at all: no endpoint is left, or sessions do
--                    not count here (other backends than those of the route and its canaries, and canaries when
--                    `affinity.canary` is legacy); then pick as without them. Sets Set-Cookie where a session begins
--                    or moves for good.
--   side(route) → id of the backend, the route's or a canary's, that the request's session is at, or nil
--                    (canaries.choose asks).
--
-- The key of a cookie is 16 hex digits of chance. `balanced`: the endpoint is the key's by rendezvous hashing over all
-- of them. `persistent`: 16 more digits name the endpoint, and those of chance decide who stands in for it. A session
-- whose endpoint is out goes elsewhere and comes back, unless `changeOnFailure` makes it stay there.
-- phase: balancer · yields: no · dicts: none · state: in the backend's state and the route's document

local backends = require("ingress.backends")
local cookie = require("ingress.session_cookie")
local endpoints = require("ingress.session_endpoints")

local best_of = require("ingress.balancer.rendezvous").best
local format = string.format
local hash_of = require("ingress.balancer.hash").of
local random = math.random
local sub = string.sub

-- until a new session's endpoint is one that takes new ones
local DRAWS = 32

local _M = {}


-- Chance spreads sessions, no more: whoever wants a certain endpoint may send any key. So math.random is good enough.
local function draw()
  return format("%08x%08x", random(0, 0xffffffff), random(0, 0xffffffff))
end


local function number_of(key)
  return hash_of(sub(key, 1, 16))
end


-- Backends whose sessions count for a route: tags → ids, and ids as a set. Kept with the route's document.
local function sides_of(route)
  local affinity = route.affinity
  local sides = affinity.sides
  if sides then
    return sides
  end
  sides = { ids = {}, tags = {} }
  local canaries = affinity.canary ~= "legacy" and route.canaries or {}
  for i = #canaries, 0, -1 do -- the route's own last: of two variants of one Service it has the tag
    local id = i > 0 and canaries[i].backend or route.backend
    sides.ids[id] = true
    sides.tags[endpoints.tag(id)] = id
  end
  affinity.sides = sides
  return sides
end


local function answer(sessions, i)
  local all = sessions.all
  return all.addresses[i], all.ports[i], all.names[i], sessions.places[i]
end


-- Whether a session that is at an endpoint may go on there.
local function keeps(state, sessions, i, tried)
  local all = sessions.all
  local name = all.names[i]
  if tried and tried[name] then
    return false
  end
  if sessions.places[i] then
    return true
  end
  return all.body.endpoints[i].draining and not (state.unfit and state.unfit[name])
end


-- A session that begins, or that moves for good.
local function begin_balanced(affinity, state, sessions, tried)
  local all, places = sessions.all, sessions.places
  local provisional
  for _ = 1, DRAWS do
    local key = draw()
    local i = best_of(all, nil, number_of(key))
    if places[i] and not (tried and tried[all.names[i]]) then
      cookie.set(affinity, key, all.tag)
      return answer(sessions, i)
    end
    if not all.body.endpoints[i].draining then
      provisional = key
    end
  end
  -- most endpoints are out: then its own may be one of those, which it moves to as soon as that is back
  local i = provisional and endpoints.stand_in(sessions, number_of(provisional), tried)
  if i then
    cookie.set(affinity, provisional, all.tag)
    return answer(sessions, i)
  end
  return nil
end


local function balanced(affinity, state, sessions, key, tried)
  if not key then
    return begin_balanced(affinity, state, sessions, tried)
  end
  local i = best_of(sessions.all, nil, number_of(key))
  if not keeps(state, sessions, i, tried) then
    if affinity.changeOnFailure then
      return begin_balanced(affinity, state, sessions, tried)
    end
    i = endpoints.stand_in(sessions, number_of(key), tried)
    if not i then
      return nil
    end
  end
  return answer(sessions, i)
end


local function persistent(affinity, state, sessions, key, tried, hash_key)
  local all = sessions.all
  local i = key and endpoints.find(all, sub(key, 17))
  if i and keeps(state, sessions, i, tried) then
    return answer(sessions, i)
  end
  if i and not affinity.changeOnFailure then
    i = endpoints.stand_in(sessions, number_of(key), tried)
    if not i then
      return nil
    end
    return answer(sessions, i)
  end
  local picker = state.picker
  local place = state.algorithm.pick(picker, tried, hash_key)
  if not place then
    return nil
  end
  local name = picker.names[place]
  local chance = key and sub(key, 1, 16) or draw()
  cookie.set(affinity, chance .. endpoints.digest(all, name), all.tag)
  return picker.addresses[place], picker.ports[place], name, place
end


function _M.pick(route, state, tried, hash_key)
  local affinity = route.affinity
  if not sides_of(route).ids[state.id] then
    return nil
  end
  local sessions = endpoints.of(state)
  local key = cookie.read(affinity.name, sessions.all.tags)
  local choose = affinity.mode == "persistent" and persistent or balanced
  return choose(affinity, state, sessions, key, tried, hash_key)
end


function _M.side(route)
  local affinity = route.affinity
  if not affinity or affinity.canary == "legacy" then
    return nil
  end
  local _, id = cookie.read(affinity.name, sides_of(route).tags)
  return id and backends.state(id) and id or nil
end

return _M
