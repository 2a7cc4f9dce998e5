-- Who is to be asked what: a task for each endpoint of a backend with a check. Tasks stay the same tables for as long as
-- their endpoints stay; those that go take what was said of them along.
--   {id, name, address, port, check, place, due, ok, streak, down, gone}
-- phase: timer · yields: no · dicts: ingress_state, by way of verdicts and records ingress_health · state: none

local name_of = require("ingress.balancer.name")
local records = require("ingress.health.records")
local same = require("ingress.health.same")
local share = require("ingress.balancer.hash").share
local verdicts = require("ingress.health.verdicts")

local next = next
local now = ngx.now
local pairs = pairs
local state = ngx.shared.ingress_state

local _M = {}


-- Where in the interval: the same for every worker of this instance, and another for other gateways, or an endpoint
-- would hear of all of them at the same moment.
local function place_of(id, name)
  return share((state:get("instance") or "") .. "|" .. id .. "|" .. name)
end


-- One that was checked by another holder keeps its moment: `due` of nil is the schedule's to fill in.
local function new_task(id, name, address, port)
  local record = records.read(id, name)
  return {
    id = id,
    name = name,
    address = address,
    port = port,
    place = place_of(id, name),
    due = not record and now() or nil,
    ok = record and record.ok,
    streak = record and record.streak or 0,
    down = verdicts.is_down(id, name),
  }
end


-- What another check has found counts no more, but does not make an endpoint fit either.
local function change(task, check)
  if task.check then
    task.ok, task.streak, task.due = nil, 0, now()
  end
  task.check = check
end


local function give_up(task)
  task.gone = true
  verdicts.clear(task.id, task.name)
  records.forget(task.id, task.name)
end


-- former: what this made of the backend before, or nil. body: of its document, or nil when there is nothing to check.
-- → {check, tasks = {name → task}}, or nil: there are none.
function _M.of(id, former, body)
  local before = former and former.tasks or {}
  local tasks = {}
  local check = body and (former and same(former.check, body.check) and former.check or body.check)
  for i = 1, body and #body.endpoints or 0 do
    local endpoint = body.endpoints[i]
    local name, address = name_of(endpoint)
    local task = before[name] or new_task(id, name, address, endpoint.port)
    if task.check ~= check then
      change(task, check)
    end
    tasks[name] = task
  end
  for name, task in pairs(before) do
    if not tasks[name] then
      give_up(task)
    end
  end
  return next(tasks) and { check = check, tasks = tasks } or nil
end

return _M
