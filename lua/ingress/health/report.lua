-- Why an endpoint is out, for whoever asks /config. States: `draining`, `unhealthy` (an active check says so),
-- `ejected` (failed requests do), `healthy` (an active check has succeeded), `unchecked`. `used` says whether new
-- requests go there, which in a panic is so of all. `until` may be over: then a request that tries it is waited for.
-- phase: content · yields: no · dicts: by way of summary, records and lease · state: none

local json = require("ingress.json")
local lease = require("ingress.health.lease")
local name_of = require("ingress.balancer.name")
local records = require("ingress.health.records")
local summary = require("ingress.health.summary")

local concat = table.concat

local _M = {}


-- For every GET: {"checker":pid or 0,"out":N,"panic":[backends]}.
function _M.brief()
  return concat({ '"health":{"checker":', lease.holder() or 0, ",", summary.text(), "}" })
end


local function state_of(body, endpoint, verdict, record)
  local down = body.check and verdict.down
  local ejected = body.passive and verdict.ejected
  if endpoint.draining then
    return "draining", down or ejected
  elseif down then
    return "unhealthy", down
  elseif ejected then
    return "ejected", ejected
  end
  return record and "healthy" or "unchecked", nil
end


local function used_of(found)
  local used = {}
  for _, endpoint in ipairs(found.fit.endpoints) do
    used[name_of(endpoint)] = true
  end
  return used
end


local function endpoint_of(id, found, i, used)
  local endpoint, name = found.body.endpoints[i], found.names[i]
  local record = found.body.check and records.read(id, name)
  local state, against = state_of(found.body, endpoint, found.verdicts[name] or {}, record)
  against = against or {}
  return {
    name = name,
    address = endpoint.address,
    port = endpoint.port,
    state = state,
    used = used[name] or false,
    since = against.since,
    reason = against.reason,
    ["until"] = against.ends,
    lastCheck = record and { at = record.at, ok = record.ok, reason = record.reason, ms = record.ms } or nil,
  }
end


-- All endpoints of one backend, as a member; nil when there is no such backend.
function _M.backend(id)
  local found = summary.of(id)
  if not found then
    return nil
  end
  local used, endpoints = used_of(found), {}
  for i = 1, #found.names do
    endpoints[i] = endpoint_of(id, found, i, used)
  end
  return concat({
    '"backend":{"id":',
    json.encode(id),
    ',"panic":',
    found.fit.panic and "true" or "false",
    ',"endpoints":',
    json.list(endpoints),
    "}",
  })
end


-- The backends that have something out, as a member.
function _M.backends()
  return '"backends":' .. json.list(summary.list(false))
end

return _M
