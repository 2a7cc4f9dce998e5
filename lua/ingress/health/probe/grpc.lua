-- grpc.health.v1.Health/Check, over HTTP/2 without TLS. Only SERVING is well.
-- phase: timer · yields: yes · dicts: none · state: none

local fields_of = require("ingress.health.probe.http2_fields")
local http2 = require("ingress.health.probe.http2")

local byte = string.byte
local char = string.char
local floor = math.floor
local sub = string.sub

local PATH = "/grpc.health.v1.Health/Check"
local AGENT = "ingress-openresty/health-check"

local SERVING = 1
local WORDS = { [0] = "unknown (grpc)", [2] = "not serving (grpc)", [3] = "service unknown (grpc)" }
-- of grpc-status, where it says more than its number
local STATUS_WORDS = { [5] = "service unknown (grpc)", [12] = "no health service (grpc)" }


local function varint(value)
  local text = ""
  while value >= 128 do
    text = text .. char(value % 128 + 128)
    value = floor(value / 128)
  end
  return text .. char(value)
end


-- HealthCheckRequest { string service = 1 } behind what gRPC puts before each message.
local function message(service)
  local body = service == "" and "" or "\10" .. varint(#service) .. service
  local length = #body
  return char(0, 0, 0, floor(length / 256) % 256, length % 256) .. body
end


-- The first message of the answer, nil before it is whole.
local function message_in(body)
  local compressed, a, b, c, d = byte(body, 1, 5)
  local length = d and ((a * 256 + b) * 256 + c) * 256 + d
  if not length or compressed ~= 0 or #body < 5 + length then
    return nil
  end
  return sub(body, 6, 5 + length)
end


-- HealthCheckResponse { ServingStatus status = 1 }; absent is 0.
local function status_in(text)
  if text == "" then
    return 0
  end
  local field, status = byte(text, 1, 2)
  return field == 8 and status or 0
end


local function is_whole(answer)
  return message_in(answer.body) ~= nil
end


-- Why there is no message.
local function reason_for(fields)
  local status = fields_of.status(fields)
  if status and status ~= 200 then
    return "status " .. status
  end
  local code = fields_of.grpc_status(fields)
  return code and (STATUS_WORDS[code] or "grpc status " .. code) or "no answer (grpc)"
end


return function(talk, check, authority)
  local sent, err = http2.ask(talk, {
    authority = authority,
    path = PATH,
    kind = "application/grpc",
    agent = AGENT,
    body = message(check.service or ""),
  })
  if not sent then
    return false, err
  end
  local answer, why = http2.answer(talk, is_whole)
  if not answer then
    return false, why
  end
  local text = message_in(answer.body)
  if not text then
    return false, reason_for(answer.fields)
  end
  local status = status_in(text)
  if status == SERVING then
    return true
  end
  return false, WORDS[status] or "unknown (grpc)"
end
