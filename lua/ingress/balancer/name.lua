-- What an endpoint is called: as nginx writes it into $upstream_addr, so that attempts can be found again there.
-- phase: any · yields: no · dicts: none · state: none

local find = string.find


-- Endpoint of a backend document → its name, and its address as set_current_peer takes it.
return function(endpoint)
  local address = endpoint.address
  if find(address, ":", 1, true) then
    address = "[" .. address .. "]"
  end
  return address .. ":" .. endpoint.port, address
end
