-- Peers made of the endpoints of a backend document.
-- phase: balancer · yields: no · dicts: none · state: none

local find = string.find

local _M = {}


-- List of {name, address, port, weight}, and whether all weigh the same.
function _M.from(body)
  local endpoints = body.endpoints
  local peers, equal = {}, true
  for i = 1, #endpoints do
    local endpoint = endpoints[i]
    local address = endpoint.address
    if find(address, ":", 1, true) then
      address = "[" .. address .. "]"
    end
    local weight = endpoint.weight or 1
    peers[i] = { name = address .. ":" .. endpoint.port, address = address, port = endpoint.port, weight = weight }
    equal = equal and weight == peers[1].weight
  end
  return peers, equal
end

return _M
