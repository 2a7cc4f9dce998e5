-- The endpoints of a backend document as lists by position, one for each thing that is asked of them: a table for each
-- peer would be what requests to thousands of them wait for, since every table is memory somewhere else.
-- phase: balancer · yields: no · dicts: none · state: the caller's

local name_of = require("ingress.balancer.name")

local _M = {}


-- Puts names, addresses, ports, weights and count into a balancer's state. Says whether all weigh the same.
function _M.put(state, body)
  local endpoints = body.endpoints
  local names, addresses, ports, weights = {}, {}, {}, {}
  local equal = true
  for i = 1, #endpoints do
    local endpoint = endpoints[i]
    names[i], addresses[i] = name_of(endpoint)
    ports[i] = endpoint.port
    weights[i] = endpoint.weight or 1
    equal = equal and weights[i] == weights[1]
  end
  state.names, state.addresses, state.ports, state.weights, state.count = names, addresses, ports, weights, #endpoints
  return equal
end

return _M
