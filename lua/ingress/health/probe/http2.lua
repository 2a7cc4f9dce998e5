-- As much of HTTP/2 (RFC 9113) as one small call takes: with prior knowledge, on a connection of its own.
-- phase: timer · yields: yes · dicts: none · state: none

local bit = require("bit")
local fields = require("ingress.health.probe.http2_fields")

local band = bit.band
local byte = string.byte
local char = string.char
local concat = table.concat
local floor = math.floor
local sub = string.sub

local DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, CONTINUATION = 0, 1, 3, 4, 6, 7, 9
local END_STREAM, ACK, END_HEADERS, PADDED, PRIORITY = 0x1, 0x1, 0x4, 0x8, 0x20

local PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
-- what the other may send us in one frame, and what we read before we give up
local FRAME_BYTES = 16384
local BYTES = 65536
local FRAMES = 100

local _M = {}


local function number32(value)
  return char(floor(value / 2 ^ 24) % 256, floor(value / 2 ^ 16) % 256, floor(value / 256) % 256, value % 256)
end


local function frame(kind, flags, stream, payload)
  return sub(number32(#payload), 2) .. char(kind, flags) .. number32(stream) .. payload
end


-- call: {authority, path, kind, agent, body}
function _M.ask(talk, call)
  return talk:send(concat({
    PREFACE,
    frame(SETTINGS, 0, 0, ""),
    frame(HEADERS, END_HEADERS, 1, fields.block(call.authority, call.path, call.kind, call.agent)),
    frame(DATA, END_STREAM, 1, call.body),
  }))
end


local function read_number(text, at)
  local a, b, c, d = byte(text, at, at + 3)
  return d and ((a * 256 + b) * 256 + c) * 256 + d or 0
end


-- kind, flags, stream, payload; nil, reason
local function read_frame(talk)
  local head, err = talk:read(9)
  if not head then
    return nil, err
  end
  local a, b, c, kind, flags = byte(head, 1, 5)
  local length = (a * 256 + b) * 256 + c
  if length > FRAME_BYTES then
    return nil, "no HTTP/2 answer"
  end
  local payload = ""
  if length > 0 then
    payload, err = talk:read(length)
    if not payload then
      return nil, err
    end
  end
  return kind, flags, read_number(head, 6) % 2 ^ 31, payload
end


-- The payload without what may stand around it.
local function bare(kind, flags, payload)
  local from, to = 1, #payload
  if band(flags, PADDED) ~= 0 then
    from, to = 2, to - (byte(payload, 1) or 0)
  end
  if kind == HEADERS and band(flags, PRIORITY) ~= 0 then
    from = from + 5
  end
  return sub(payload, from, to)
end


-- nil: go on; else why it is over.
local function on_connection(talk, kind, flags, payload)
  if kind == SETTINGS and band(flags, ACK) == 0 then
    local _, err = talk:send(frame(SETTINGS, ACK, 0, ""))
    return err
  elseif kind == PING and band(flags, ACK) == 0 then
    local _, err = talk:send(frame(PING, ACK, 0, payload))
    return err
  elseif kind == GOAWAY and (read_number(payload, 5) ~= 0 or read_number(payload, 1) == 0) then
    return "HTTP/2 connection refused, error " .. read_number(payload, 5)
  end
end


local function on_stream(answer, kind, flags, payload)
  if kind == RST_STREAM then
    return "HTTP/2 stream reset, error " .. read_number(payload, 1)
  elseif kind == DATA then
    answer.body = answer.body .. bare(kind, flags, payload)
  elseif kind == HEADERS then
    answer.fields = answer.fields .. bare(kind, flags, payload)
  elseif kind == CONTINUATION then
    answer.fields = answer.fields .. payload
  end
  -- the end of the stream is said by the first of several frames with fields
  if (kind == DATA or kind == HEADERS) and band(flags, END_STREAM) ~= 0 then
    answer.ends = true
  end
  answer.over = answer.ends and (kind == DATA or band(flags, END_HEADERS) ~= 0)
end


-- Reads until the stream is over or `enough(answer)`: {body, fields}, or nil and why.
function _M.answer(talk, enough)
  local answer = { body = "", fields = "" }
  for _ = 1, FRAMES do
    local kind, flags, stream, payload = read_frame(talk)
    if not kind then
      return nil, flags
    end
    local err
    if stream == 0 then
      err = on_connection(talk, kind, flags, payload)
    elseif stream == 1 then
      err = on_stream(answer, kind, flags, payload)
    end
    if err then
      return nil, err
    end
    if answer.over or enough(answer) then
      return answer
    end
    if #answer.body + #answer.fields > BYTES then
      break
    end
  end
  return nil, "HTTP/2 answer without end"
end

return _M
