-- The classic design, as small as it can be: every change is a POST of everything there is, kept as one text in
-- shared memory; once a second each worker looks whether there is a newer one, decodes it and makes its tables anew.
-- phase: init_worker, balancer, content · dicts: backends · state: per worker: service by host, and its next endpoint

local balancer = require("ngx.balancer")
local cjson = require("cjson.safe")

local dict = ngx.shared.backends
local set_current_peer = balancer.set_current_peer

local seen = 0
local by_host = {}

local _M = {}


local function sync()
  local version = dict:get("version") or 0
  if version == seen then
    return
  end
  local all = cjson.decode(dict:get("all"))
  local next_by_host = {}
  for i = 1, #all do
    local service = all[i]
    next_by_host[service.host] = { endpoints = service.endpoints, at = 0 }
  end
  by_host = next_by_host
  seen = version
end


function _M.init_worker()
  sync()
  ngx.timer.every(1, sync)
end


function _M.balance()
  local service = by_host[ngx.var.host]
  local endpoints = service.endpoints
  local at = service.at % #endpoints + 1
  service.at = at
  local endpoint = endpoints[at]
  set_current_peer(endpoint.address, endpoint.port)
end


function _M.configuration()
  ngx.req.read_body()
  local text = ngx.req.get_body_data()
  if not text then
    local file = io.open(ngx.req.get_body_file(), "rb")
    text = file:read("*a")
    file:close()
  end
  local ok, err = dict:safe_set("all", text)
  if not ok then
    return ngx.exit(507)
  end
  dict:incr("version", 1, 0)
  ngx.say("ok")
end

return _M
