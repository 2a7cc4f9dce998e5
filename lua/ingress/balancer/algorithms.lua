-- Algorithms by name, and the contract that each of them fulfils in a file of its own:
--
--   new(body) → state           body of a backend document with at least one endpoint; `state.count` is their number
--   sync(state, body) → state   the endpoints changed: keep what can be kept (positions, measurements)
--   pick(state, tried) → peer   `tried` is nil or a set of peer names that failed this request; nil when none is left
--   after(state, peer, failed)  optional: an attempt ended
--
-- A peer is {name, address, port}: the name identifies it across syncs, the address is as set_current_peer wants it
-- (IPv6 in brackets). A state belongs to one backend in one worker and is never shared, so nothing here yields.
-- phase: balancer (required in init) · yields: no · dicts: none · state: in the caller's hands


return {
  round_robin = require("ingress.balancer.round_robin"),
}
