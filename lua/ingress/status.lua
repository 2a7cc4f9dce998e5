-- What GET /config says: which instance this is, what is in force, what each worker has adopted.
-- phase: content · yields: while it lists documents, through the `pause` it is given · dicts: all three
-- state: per worker: what `init` was told of the files

local documents = require("ingress.store.documents")
local json = require("ingress.json")
local lock = require("ingress.store.lock")
local process = require("ngx.process")
local version = require("ingress.store.version")
local workers = require("ingress.store.workers")

local concat = table.concat
local find = string.find
local match = string.match
local pairs = pairs
local state = ngx.shared.ingress_state
local sub = string.sub

local KEYS_PER_PAUSE = 500
local ATTEMPTS = 3

local files, profiles = "", {}

local _M = {}


function _M.start(options)
  files, profiles = options.files, options.profiles
end


local function in_force()
  local current = version.current()
  if current and version.v() < current.v and lock.is_free() then
    version.complete(current)
  end
  return current or { epoch = 0, generation = 0, state = "" }
end


-- The members of the object, without braces, so that others may add theirs.
function _M.members()
  local current = in_force()
  return concat({
    '"v":1,"instance":',
    json.encode({ id = state:get("instance"), master = process.get_master_pid() }),
    ',"epoch":',
    current.epoch,
    ',"generation":',
    current.generation,
    ',"state":',
    json.encode(current.state),
    ',"files":',
    json.encode(files),
    ',"profiles":',
    json.list(profiles),
    ',"workers":',
    json.list(workers.list()),
    ',"loaded":',
    state:get("loaded") or "[]",
  })
end


-- The digest stands behind the body, whose strings cannot hold its unescaped quotes: the last match is it.
local function describe(key, line)
  local colon = find(key, ":", 1, true)
  return {
    kind = sub(key, 1, colon - 1),
    id = sub(key, colon + 1),
    digest = match(line, '^.*"digest":"(%x+)","id":'),
  }
end


local function list(pause)
  local items, count = {}, 0
  for key in pairs((documents.all())) do
    local line = documents.read(key)
    if line then
      items[#items + 1] = describe(key, line)
    end
    count = count + 1
    if count % KEYS_PER_PAUSE == 0 then
      pause()
    end
  end
  return json.list(items)
end


-- {kind, id, digest} of every document as of one version, as members; nil when it moved under us each time.
function _M.documents(pause)
  for _ = 1, ATTEMPTS do
    local before = version.v()
    local text = list(pause)
    if version.v() == before then
      return '"documents":' .. text
    end
  end
  return nil
end

return _M
