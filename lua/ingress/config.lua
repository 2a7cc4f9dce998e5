-- GET and POST /config, as ARCHITECTURE.md describes them. Never answers with a document's body.
-- phase: content · yields: yes (reading the body; between slices of a big batch, so that requests go on)
-- dicts: by way of the store · state: none

local apply = require("ingress.store.apply")
local batch = require("ingress.batch")
local heal = require("ingress.store.heal")
local json = require("ingress.json")
local reader = require("ingress.reader")
local report = require("ingress.health.report")
local status = require("ingress.status")

local open = io.open
local req = ngx.req
local var = ngx.var

local STATUS_OF = { stale = 409, base = 409, full = 507, busy = 503 }

local _M = {}


-- Not 0: without OpenResty's patch for it, nginx logs a warning at every such call.
local function pause()
  ngx.sleep(0.001)
end


local function answer(code, members)
  ngx.status = code
  ngx.header["Content-Type"] = "application/json"
  local text = "{" .. members .. "}\n"
  ngx.header["Content-Length"] = #text
  ngx.print(text)
  return ngx.exit(ngx.OK)
end


local function refuse(code, word, members)
  return answer(code, '"error":"' .. word .. '"' .. (members and "," .. members or ""))
end


-- nginx keeps a body in memory or, when it is bigger than its buffer, in a file of ours.
local function read_body()
  req.read_body()
  local text = req.get_body_data()
  if text then
    return text
  end
  local path = req.get_body_file()
  if not path then
    return ""
  end
  local file, err = open(path, "rb")
  if not file then
    return nil, err
  end
  text = file:read("*a")
  file:close()
  return text
end


-- What is known of one backend's endpoints, or which backends have endpoints that are out.
local function get_health(id)
  local members = id and report.backend(ngx.unescape_uri(id)) or not id and report.backends()
  if not members then
    return refuse(404, "unknown", status.members())
  end
  return answer(200, status.members() .. "," .. members)
end


local function get()
  local args = var.args
  if args == "health" or var.arg_health then
    return get_health(var.arg_health)
  end
  local members = status.members()
  if args == "documents" then
    local documents = status.documents(pause)
    if not documents then
      return refuse(503, "busy")
    end
    members = status.members() .. "," .. documents
  end
  return answer(200, members)
end


local function malformed(message)
  return refuse(400, "malformed", '"message":' .. json.encode(message))
end


local function post()
  local text, err = read_body()
  if not text then
    ngx.log(ngx.ERR, "cannot read the body of a batch: ", err)
    return refuse(500, "body")
  end
  local parsed, message = batch.parse(text, 1, pause)
  if not parsed then
    return malformed(message)
  end
  if parsed.next ~= #text + 1 then
    return malformed("something follows the trailer")
  end
  text = nil -- as big as the batch, and no longer needed
  local result, reason, needed, free = apply(parsed, pause)
  reader.sync()
  if result then
    return answer(200, status.members() .. ',"applied":' .. (result == "applied" and "true" or "false"))
  end
  local members = status.members()
  if reason == "full" then
    members = ('"needed":%d,"free":%d,'):format(needed, free) .. members
  end
  return refuse(STATUS_OF[reason], reason, members)
end


function _M.run()
  heal()
  reader.sync()
  local method = req.get_method()
  if method == "GET" or method == "HEAD" then
    return get()
  elseif method == "POST" then
    return post()
  end
  ngx.header["Allow"] = "GET, POST"
  return refuse(405, "method")
end

return _M
