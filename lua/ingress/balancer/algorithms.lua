-- Algorithms by name, and the contract that each of them fulfils in a file of its own:
--
--   new(body) → state          a backend's body with the endpoints that are fit, at least one (health/fit.lua)
--   sync(state, body) → state  they changed: the same table, with what can be kept (positions, measurements)
--   pick(state, tried, key) → i
--                              `tried` is nil or a set of names that failed this request; nil when none is left.
--                              `key` is a whole number of 32 bits (hash.lua), or nil where the request has none.
--   started(state, i)          both or neither: an attempt at peer i begins, and one at the peer of that name, which may
--   ended(state, name, seconds, failed)    be gone by now, has ended. Only of attempts that are measured (feedback.lua).
--
-- Peers are numbered from 1 to `state.count`: `state.names[i]` identifies one across syncs, `state.addresses[i]` is as
-- set_current_peer wants it (IPv6 in brackets), `state.ports[i]` a number (peers.lua makes them). A state belongs to one
-- backend in one worker and is never shared, so nothing here yields.
-- phase: balancer (required in init) · yields: no · dicts: none · state: in the caller's hands


return {
  chash = require("ingress.balancer.chash"),
  chashsubset = require("ingress.balancer.chashsubset"),
  ewma = require("ingress.balancer.ewma"),
  least_conn = require("ingress.balancer.least_conn"),
  round_robin = require("ingress.balancer.round_robin"),
}
