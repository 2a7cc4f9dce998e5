-- The data plane of ingress-openresty, as nginx.conf calls it: one function for each phase. All modules are loaded
-- here, in init: workers may not be able to read the folder.
-- phase: as the functions say · yields: only config and timers
-- dicts: ingress_version, ingress_state, ingress_health, ingress_documents
-- state: see the modules

local backends = require("ingress.backends")
local balance = require("ingress.balance")
local certificate = require("ingress.certificate")
local checker = require("ingress.health.checker")
local config = require("ingress.config")
local default_certificate = require("ingress.default_certificate")
local disk = require("ingress.disk")
local feedback = require("ingress.feedback")
local heal = require("ingress.store.heal")
local reader = require("ingress.reader")
local route = require("ingress.route")
local sockets = require("ingress.sockets")
local status = require("ingress.status")
local straight = require("ingress.straight")
local system = require("ingress.system")
local workers = require("ingress.store.workers")

local type = type

local TICK = 0.25

local _M = {
  admit = balance.admit,
  balance = balance.run,
  certificate = certificate.run,
  config = config.run,
  log = feedback.run,
  route = route.run,
  straight = straight.run,
}


local function check(options)
  if type(options) ~= "table" or type(options.prefix) ~= "string" or type(options.files) ~= "string" then
    error("ingress.init needs {files = digest, prefix = path, profiles = {names}, standard = name}", 3)
  end
  if type(options.profiles) ~= "table" or type(options.standard) ~= "string" then
    error("ingress.init needs a list of profiles, and which of them needs no location of its own", 3)
  end
end


-- init_by_lua, in the master: at each start and at each HUP, when shared memory still holds everything.
function _M.init(options)
  check(options)
  local id, err = system.random_hex(16)
  if not id then
    error("no randomness: " .. err)
  end
  ngx.shared.ingress_version:safe_add("v", 0)
  ngx.shared.ingress_state:safe_add("instance", id)
  balance.start(options.prefix)
  default_certificate.start(options.prefix)
  route.start(options.profiles)
  straight.start(options.standard)
  status.start(options)
  sockets.unlink_stale(options.prefix)
  disk.load(options.prefix)
  collectgarbage() -- workers begin as copies of this heap
end


local function tick(premature)
  if premature then
    checker.leave()
    return workers.leave()
  end
  heal()
  reader.tick()
  backends.tick()
  return checker.tick()
end


-- init_worker_by_lua
function _M.init_worker()
  math.randomseed(tonumber(system.random_hex(4), 16))
  reader.start()
  local ok, err = ngx.timer.every(TICK, tick)
  if not ok then
    ngx.log(ngx.ERR, "no timer: idle workers will not say what they have adopted: ", err)
  end
end

return _M
