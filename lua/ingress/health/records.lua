-- What the last check of each endpoint has found: for those who ask why, and for the next holder of the lease, who goes
-- on counting where the former one stopped. A record of an endpoint that nobody checks any more ends by itself.
--   check:<backend>|<name>   "<at> <ok> <in a row> <ms> <reason>"
-- phase: timer, content · yields: no · dicts: ingress_health · state: none

local dict = ngx.shared.ingress_health
local format = string.format
local match = string.match
local tonumber = tonumber

local _M = {}


local function key_of(id, name)
  return "check:" .. id .. "|" .. name
end


-- record: {at, ok, streak, ms, reason}. Without room there is none: verdicts matter more.
function _M.write(id, name, record, check)
  local ok = record.ok and 1 or 0
  local text = format("%.3f %d %d %d %s", record.at, ok, record.streak, record.ms, record.reason or "")
  dict:safe_set(key_of(id, name), text, 3 * check.interval + 10)
end


-- The record, or nil.
function _M.read(id, name)
  local text = dict:get(key_of(id, name))
  if not text then
    return nil
  end
  local at, ok, streak, ms, reason = match(text, "^(%S+) (%d) (%d+) (%d+) (.*)$")
  return {
    at = tonumber(at),
    ok = ok == "1",
    streak = tonumber(streak),
    ms = tonumber(ms),
    reason = reason ~= "" and reason or nil,
  }
end


function _M.forget(id, name)
  dict:delete(key_of(id, name))
end

return _M
