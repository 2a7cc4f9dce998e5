-- The attempts under way, each kept by the address of its request, and empty ones for the next: ngx.ctx would be a table
-- and two calls more for each request. nginx gives an address to the next request when one has ended, so what is found
-- there may be left over from a request of whose end nobody has heard (see `is_own`).
-- phase: balancer, log · yields: no · dicts: none · state: per worker: as many tables as there ever were attempts at once

local cast = require("ffi").cast
local get_request = require("resty.core.base").get_request
local now = ngx.now
local start_time = ngx.req.start_time
local tonumber = tonumber
local uintptr = require("ffi").typeof("uintptr_t")

local under_way, running = {}, 0
local free, count = {}, 0

local _M = {}


local function address()
  return tonumber(cast(uintptr, get_request()))
end


-- {since}, for the caller to fill: what stood in it before is nobody's.
function _M.put()
  local attempt
  if count > 0 then
    attempt, count = free[count], count - 1
  else
    attempt = {}
  end
  attempt.since = now()
  under_way[address()] = attempt
  running = running + 1
  return attempt
end


-- Whether any is under way in this worker.
function _M.any()
  return running > 0
end


-- The one at this request's address, which is not under way any more; or nil. `give_back` it.
function _M.take()
  local key = address()
  local attempt = under_way[key]
  if attempt then
    under_way[key] = nil
    running = running - 1
  end
  return attempt
end


-- Whether it is this request's, and not that of one that was at this address before.
function _M.is_own(attempt)
  return attempt.since >= start_time()
end


function _M.give_back(attempt)
  count = count + 1
  free[count] = attempt
end

return _M
