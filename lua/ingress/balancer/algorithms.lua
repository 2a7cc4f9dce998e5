-- Algorithms by name, and the contract that each of them fulfils in a file of its own:
--
--   new(body) → state           body of a backend document with at least one endpoint
--   sync(state, body) → state   the endpoints changed: keep what can be kept (positions, measurements)
--   pick(state, tried) → i      `tried` is nil or a set of peer names that failed this request; nil when none is left
--   after(state, i, failed)     optional: an attempt ended
--
-- Peers are numbered from 1 to `state.count`: `state.names[i]` identifies one across syncs, `state.addresses[i]` is as
-- set_current_peer wants it (IPv6 in brackets), `state.ports[i]` a number (peers.lua makes them). A state belongs to one
-- backend in one worker and is never shared, so nothing here yields.
-- phase: balancer (required in init) · yields: no · dicts: none · state: in the caller's hands


return {
  round_robin = require("ingress.balancer.round_robin"),
}
