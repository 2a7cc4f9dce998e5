-- Finds the location of a URI among regular expressions, as nginx finds it among `location ~* "^…"`: the first, in
-- the order of the document, that matches at the start, whatever the case.
--
-- What a pattern begins with is looked up before the pattern is tried, so a host with a thousand of them tries those
-- few that begin as the URI does: src/translate/regex-host.ts sees to it that these are never more than 256, and
-- lua_regex_match_limit bounds each. Compiled patterns stay in ngx_lua's cache as long as the worker lives; past
-- lua_regex_cache_max_entries each match compiles anew, which is slow and not wrong.
-- phase: rewrite, balancer · yields: no · dicts: none · state: none; the index belongs to the host's cache entry

local log = ngx.log
local lower = string.lower
local re_find = ngx.re.find
local sort = table.sort
local sub = string.sub

local _M = {}


local function descending(a, b)
  return a > b
end


-- list: `regex` of the host document.
function _M.index(list)
  local items, positions, lengths, known = {}, {}, {}, {}
  for i = 1, #list do
    local entry = list[i]
    local literal = entry.literal
    items[i] = { route = entry.route, pattern = entry.pattern and "^" .. entry.pattern }
    local same = positions[literal] or {}
    positions[literal] = same
    same[#same + 1] = i
    if not known[#literal] then
      known[#literal] = true
      lengths[#lengths + 1] = #literal
    end
  end
  sort(lengths, descending)
  return { items = items, positions = positions, lengths = lengths, count = #lengths, candidates = {} }
end


-- What a URI that begins with this literal, and with no longer one, has to be tried with: in order, up to one that
-- matches for certain.
local function candidates_of(index, literal)
  local found = {}
  for i = 1, index.count do
    local length = index.lengths[i]
    local same = length <= #literal and index.positions[sub(literal, 1, length)]
    for j = 1, same and #same or 0 do
      found[#found + 1] = same[j]
    end
  end
  sort(found)
  local candidates = {}
  for i = 1, #found do
    candidates[i] = index.items[found[i]]
    if not candidates[i].pattern then
      break
    end
  end
  return candidates
end


-- nil and 503: whether the location of this pattern is meant cannot be told, and it may be one that restricts access.
local function broken(item, err)
  if not item.told then
    item.told = true
    log(ngx.ERR, "503 is answered, the path of route ", item.route, " cannot be matched: ", err)
  end
  return nil, 503
end


local function first_of(candidates, uri)
  for i = 1, #candidates do
    local item = candidates[i]
    local pattern = item.pattern
    if not pattern then
      return item.route
    end
    local from, _, err = re_find(uri, pattern, "ijo")
    if from then
      return item.route
    elseif err then
      return broken(item, err)
    end
  end
  return nil
end


-- Route key; or nil and the status to answer with; or nil.
function _M.match(index, uri)
  local lowered, lengths, positions = lower(uri), index.lengths, index.positions
  for i = 1, index.count do
    local length = lengths[i]
    local literal = length <= #lowered and sub(lowered, 1, length)
    if literal and positions[literal] then
      local candidates = index.candidates[literal]
      if not candidates then
        candidates = candidates_of(index, literal)
        index.candidates[literal] = candidates
      end
      return first_of(candidates, uri)
    end
  end
  return nil
end

return _M
