-- A GET, of whose answer only the status matters. No more is read than it takes to know it.
-- phase: timer · yields: yes · dicts: none · state: none

local concat = table.concat
local find = string.find
local match = string.match
local sub = string.sub
local tonumber = tonumber

local BYTES = 8192
local AGENT = "ingress-openresty/health-check"
local STATUSES = { { 200, 399 } }


local function server_name(host)
  local name = host and match(host, "^[^:%[]+")
  return name and not match(name, "^[%d.]+$") and name or nil
end


local function request(check, authority)
  return concat({
    "GET ",
    check.path or "/",
    " HTTP/1.1\r\nHost: ",
    check.host or authority,
    "\r\nUser-Agent: ",
    AGENT,
    "\r\nAccept: */*\r\nConnection: close\r\n\r\n",
  })
end


-- The status that a text begins with; false: it is no answer, nil: more has to come.
local function status_in(text)
  local line = match(text, "^(.-)\r?\n")
  if not line then
    return nil
  end
  local status = match(line, "^HTTP/1%.[01] (%d%d%d)$") or match(line, "^HTTP/1%.[01] (%d%d%d) ")
  return status and tonumber(status) or false
end


-- Behind interim answers (1xx) there is another one.
local function read_status(talk)
  local text = ""
  while #text < BYTES do
    local more, err = talk:read_some(BYTES - #text)
    if not more then
      return nil, err
    end
    text = text .. more
    local status = status_in(text)
    while status and status < 200 and status ~= 101 do
      local _, ends = find(text, "\r?\n\r?\n")
      text = ends and sub(text, ends + 1) or text
      status = ends and status_in(text) or nil
    end
    if status == false then
      break
    elseif status then
      return status
    end
  end
  return nil, "no HTTP answer"
end


local function is_among(status, ranges)
  for i = 1, #ranges do
    if status >= ranges[i][1] and status <= ranges[i][2] then
      return true
    end
  end
  return false
end


return function(talk, check, authority)
  if check.type == "https" then
    local ok, err = talk:handshake(server_name(check.host))
    if not ok then
      return false, err
    end
  end
  local sent, err = talk:send(request(check, authority))
  if not sent then
    return false, err
  end
  local status, why = read_status(talk)
  if not status then
    return false, why
  end
  if is_among(status, check.statuses or STATUSES) then
    return true
  end
  return false, "status " .. status
end
