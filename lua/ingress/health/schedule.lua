-- When which endpoint is asked. Each has its place in the interval, so that checks are spread and every holder of the
-- lease asks at the same moments; a new one is asked at once. What falls due until the next tick
-- goes into a queue, and light threads of the tick's timer take from it, wait for the moment, and ask. Threads end soon:
-- what a timer has allocated is given back when all of its threads have ended.
-- phase: timer · yields: in its threads · dicts: none · state: per worker: queue and counts

local held = require("ingress.health.lease").held
local probe = require("ingress.health.probes").run
local rise_fall = require("ingress.health.rise_fall")

local ceil = math.ceil
local exiting = ngx.worker.exiting
local log = ngx.log
local min = math.min
local ngx = ngx
local now = ngx.now
local pairs = pairs
local pcall = pcall
local sleep = ngx.sleep
local sort = table.sort
local spawn = ngx.thread.spawn

-- a little more than until the next tick
local AHEAD = 0.26
-- checks at the same time: each is a socket, and a connection of nginx
local THREADS = 512
-- nginx runs 256 timers at the same time, and endpoints that hang keep theirs for the whole timeout
local TIMERS = 64
local THREAD_SECONDS = 1

local queue, first, last = {}, 1, 0
local threads, timers = 0, 0

local _M = {}


-- The first moment after `time` that is this endpoint's own.
local function next_due(task, time)
  local interval = task.check.interval
  local place = task.place * interval
  return place + ceil((time - place) / interval) * interval
end


local function ask(task)
  local check = task.check
  local begun = now()
  local due = task.due
  task.due = next_due(task, (due > begun and due or begun) + 0.002)
  local ok, reason = probe(check, task.address, check.port or task.port)
  -- another may hold the lease by now, or want to know something else
  if not task.gone and task.check == check and held() then
    rise_fall(task, { at = begun, ok = ok, reason = reason, ms = (now() - begun) * 1000 })
  end
end


local function take(task)
  local wait = task.due - now()
  if wait >= 0.001 then
    sleep(wait)
  end
  if not task.gone and not exiting() and held() then
    ask(task)
  end
end


local function work(timer)
  local ends = now() + THREAD_SECONDS
  while first <= last and now() < ends do
    local task = queue[first]
    queue[first] = nil
    first = first + 1
    local ok, err = pcall(take, task)
    task.queued = false
    if not ok then
      log(ngx.ERR, "backend ", task.id, ": check of ", task.name, " failed in itself: ", err)
    end
  end
  threads = threads - 1
  timer.threads = timer.threads - 1
  if timer.threads == 0 then
    timers = timers - 1
  end
end


local function earlier(a, b)
  return a.due < b.due
end


-- Tasks that fall due until the next tick and do not wait or run already.
local function due_soon(backends, time)
  local list = {}
  for _, backend in pairs(backends) do
    for _, task in pairs(backend.tasks) do
      local due = task.due
      if not due or due > time + 2 * task.check.interval then -- the clock was put back
        due = next_due(task, time)
        task.due = due
      end
      if due < time + AHEAD and not task.queued then
        list[#list + 1] = task
      end
    end
  end
  sort(list, earlier)
  return list
end


-- backends: of the registry.
function _M.tick(backends)
  local list = due_soon(backends, now())
  for i = 1, #list do
    list[i].queued = true
    queue[last + i] = list[i]
  end
  last = last + #list
  local count = min(last - first + 1, THREADS - threads)
  if count <= 0 or timers >= TIMERS then
    return
  end
  local timer = { threads = count }
  threads, timers = threads + count, timers + 1
  for _ = 1, count do
    spawn(work, timer)
  end
end

return _M
