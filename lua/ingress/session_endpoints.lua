-- The endpoints of a backend as sticky sessions see them: draining ones are among them, and those that are out.
-- phase: balancer · yields: no · dicts: none · state: in the backend's state: `sessions`, made anew when something
--        changes, and `session_endpoints`, what of it stands while its document does

local match = string.match
local md5 = ngx.md5
local put_peers = require("ingress.balancer.peers").put
local best_of = require("ingress.balancer.rendezvous").best
local put_seeds = require("ingress.balancer.rendezvous").put
local sub = string.sub

local _M = {}


-- Backend id → what cookies call it. Without what tells differently balanced ones of one Service apart, or a change
-- of an annotation would end its sessions.
function _M.tag(id)
  return sub(md5(match(id, "^[^/]*/[^/]*/[^/]*") or id), 1, 16)
end


local function of_document(state)
  local body, tag = state.body, _M.tag(state.id)
  local all = { body = body, tag = tag, tags = { [tag] = true } }
  put_seeds(all, put_peers(all, body))
  return all
end


-- {all = peers (balancer/peers.lua) with seeds, tag, tags; places = by position in `all` that in the algorithm's
-- state, of those that are fit}
function _M.of(state)
  local sessions = state.sessions
  if sessions then
    return sessions
  end
  local all = state.session_endpoints
  if not all or all.body ~= state.body then
    all = of_document(state)
    state.session_endpoints = all
  end
  local names, fit, places = all.names, {}, {}
  local picker = state.picker
  for i = 1, picker.count do
    fit[picker.names[i]] = i
  end
  for i = 1, all.count do
    places[i] = fit[names[i]]
  end
  sessions = { all = all, places = places }
  state.sessions = sessions
  return sessions
end


-- What a cookie calls an endpoint: never its address in clear.
function _M.digest(all, name)
  return sub(md5(all.tag .. "\0" .. name), 1, 16)
end


-- Position of the endpoint of a digest, or nil.
function _M.find(all, digest)
  local known = all.digests
  if not known then
    known = {}
    for i = 1, all.count do
      known[_M.digest(all, all.names[i])] = i
    end
    all.digests = known
  end
  return known[digest]
end


-- Position of the fit endpoint that a session of this key goes to while its own cannot have it, or nil.
function _M.stand_in(sessions, key, tried)
  return best_of(sessions.all, tried, key, sessions.places)
end

return _M
