-- What the outcome of a check means: so many in a row of one kind turn an endpoint's verdict.
-- phase: timer · yields: no · dicts: by way of verdicts and records · state: in the task

local records = require("ingress.health.records")
local verdicts = require("ingress.health.verdicts")

local log = ngx.log
local ngx = ngx


local function turn(task, outcome)
  local id, name = task.id, task.name
  if outcome.ok then
    verdicts.clear(id, name)
    log(ngx.NOTICE, "backend ", id, ": endpoint ", name, " is back")
  else
    verdicts.mark(id, name, outcome.reason)
    log(ngx.WARN, "backend ", id, ": endpoint ", name, " is out: ", outcome.reason)
  end
  task.down = verdicts.is_down(id, name) -- there may have been no room to say so: the next check tries again
end


-- outcome: {at, ok, reason, ms}
return function(task, outcome)
  local check = task.check
  task.streak = outcome.ok == task.ok and task.streak + 1 or 1
  task.ok = outcome.ok
  outcome.streak = task.streak
  records.write(task.id, task.name, outcome, check)
  if task.down == outcome.ok and task.streak >= (outcome.ok and check.rise or check.fall) then
    turn(task, outcome)
  end
end
