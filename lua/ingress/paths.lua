-- Finds the location of a URI among those of one host, as nginx finds it among the same locations: exact, else the
-- longest prefix; but a URI that lacks only the last slash of a location is redirected to it. Of hosts with regular
-- expressions patterns.lua does it.
-- phase: any · yields: no · dicts: none · state: none; the index belongs to the host's cache entry

local patterns = require("ingress.patterns")

local escape_uri = ngx.escape_uri
local match_regex = patterns.match
local pairs = pairs
local sort = table.sort
local sub = string.sub

local _M = {}


-- Prefixes end in "/". They are looked up by length, the longest first: the work is bounded by how many lengths a
-- host has, not by how many slashes a client sends.
function _M.index(body)
  local exact, prefix = body.exact, body.prefix
  local redirects, lengths, known = {}, {}, {}
  for _, paths in pairs({ exact, prefix }) do
    for path in pairs(paths) do
      local bare = sub(path, 1, -2)
      if sub(path, -1) == "/" and bare ~= "" and not exact[bare] then
        redirects[bare] = escape_uri(path, 0)
      end
    end
  end
  for path in pairs(prefix) do
    if not known[#path] then
      known[#path] = true
      lengths[#lengths + 1] = #path
    end
  end
  sort(lengths, function(a, b)
    return a > b
  end)
  return {
    exact = exact,
    prefix = prefix,
    redirects = redirects,
    lengths = lengths,
    count = #lengths,
    -- the one prefix of most hosts: no loop, which would keep LuaJIT from compiling the request's way as one trace
    catchAll = #lengths == 1 and prefix["/"] or nil,
    root = body.appRoot,
    regex = body.regex and patterns.index(body.regex),
    special = body.appRoot ~= nil or body.regex ~= nil,
  }
end


local function longest(index, uri)
  local lengths, prefix = index.lengths, index.prefix
  for i = 1, index.count do
    local length = lengths[i]
    if length <= #uri then
      local key = prefix[length == 1 and "/" or sub(uri, 1, length)]
      if key then
        return key
      end
    end
  end
  return nil
end


-- Route key; or nil, the path to redirect to and by which status; or nil, nil and a status to answer with; or nil.
function _M.match(index, uri)
  if index.special then
    if index.root and uri == "/" then
      return nil, index.root, 302
    elseif index.regex then
      local found, status = match_regex(index.regex, uri)
      return found, nil, status
    end
  end
  local key = index.exact[uri]
  if key then
    return key
  end
  local redirect = index.redirects[uri]
  if redirect then
    return nil, redirect, 301
  end
  if index.catchAll then
    return index.catchAll
  end
  return longest(index, uri)
end

return _M
