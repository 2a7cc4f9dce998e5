-- What the last keys came to: a place each, which a key's last bits decide, so that nothing has to be thrown out. Asking
-- a thousand endpoints for their scores takes microseconds, and most requests are for keys that were just there.
-- phase: balancer · yields: no · dicts: none · state: one list for each state of a balancer, gone when its peers change

local band = require("bit").band
local min = math.min

-- With fewer endpoints, asking them is as fast. With more, they get room in proportion, up to a limit.
local MANY = 32
local ROOM_OF_ONE = 32
local ROOM = 8192
-- No key.
local NOBODY = 0.5

local _M = {}


-- Room for `size` peers of each key, in `peers`, behind the number that `find` says. Few endpoints: for one key.
function _M.new(count, size)
  local places, room = 1, min(count * ROOM_OF_ONE, ROOM)
  while count >= MANY and places * size * 2 <= room do
    places = places * 2
  end
  local known = { keys = {}, peers = {}, size = size, last = places - 1 }
  for place = 1, places do
    known.keys[place] = NOBODY
  end
  for i = 1, places * size do
    known.peers[i] = 0
  end
  return known
end


-- Where the key's peers are, and whether they are there. If not, whoever asks puts them there.
function _M.find(known, key)
  local place = band(key, known.last)
  local found = known.keys[place + 1] == key
  known.keys[place + 1] = key
  return place * known.size, found
end

return _M
