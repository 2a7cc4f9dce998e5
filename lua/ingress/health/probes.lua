-- One check of one endpoint, of whatever type. Reasons are plain words; they are logged and shown.
-- phase: timer · yields: yes · dicts: none · state: none

local conversation = require("ingress.health.probe.conversation")
local http = require("ingress.health.probe.http")

local pcall = pcall

local PROBES = {
  grpc = require("ingress.health.probe.grpc"),
  http = http,
  https = http,
  tcp = require("ingress.health.probe.tcp"),
}

local _M = {}


-- address: in brackets when it is of IPv6. → ok, reason when it is not
function _M.run(check, address, port)
  local talk, reason = conversation.open(address, port, check.timeout)
  if not talk then
    return false, reason
  end
  local whole, ok, why = pcall(PROBES[check.type], talk, check, address .. ":" .. port)
  talk:close()
  if not whole then
    error(ok, 0)
  end
  return ok == true, why
end

return _M
