-- A connection to an endpoint whose whole life has one deadline, from connecting to the last byte.
-- phase: timer · yields: yes · dicts: none · state: the caller's

local concat = table.concat
local max = math.max
local now = ngx.now
local setmetatable = setmetatable
local tcp = ngx.socket.tcp

local _M = {}
local methods = {}
local META = { __index = methods }

-- what nginx calls it → what we do
local WORDS = { closed = "connection closed", ["no data"] = "connection closed" }


local function words_for(err)
  return WORDS[err] or err or "failed"
end


-- Before each step: it has what is left.
local function limit(talk)
  local left = (talk.deadline - now()) * 1000
  talk.socket:settimeout(max(left, 1))
  return left > 0
end


-- nil, reason when it cannot be opened in time.
function _M.open(address, port, timeout)
  local talk = setmetatable({ socket = tcp(), deadline = now() + timeout }, META)
  limit(talk)
  local ok, err = talk.socket:connect(address, port)
  if not ok then
    talk.socket:close()
    return nil, words_for(err)
  end
  return talk
end


-- Whatever the certificate says: it is asked whether somebody answers, and nothing is told them.
function methods:handshake(name)
  if not limit(self) then
    return nil, "timeout"
  end
  local ok, err = self.socket:sslhandshake(false, name, false)
  if ok then
    return true
  end
  return nil, err == "timeout" and err or concat({ "no TLS: ", words_for(err) })
end


function methods:send(text)
  if not limit(self) then
    return nil, "timeout"
  end
  local sent, err = self.socket:send(text)
  return sent, not sent and words_for(err) or nil
end


-- Exactly so many bytes.
function methods:read(count)
  if not limit(self) then
    return nil, "timeout"
  end
  local text, err = self.socket:receive(count)
  return text, not text and words_for(err) or nil
end


-- What has come, but not more than so many bytes.
function methods:read_some(count)
  if not limit(self) then
    return nil, "timeout"
  end
  local text, err = self.socket:receiveany(count)
  return text, not text and words_for(err) or nil
end


function methods:close()
  self.socket:close()
end

return _M
