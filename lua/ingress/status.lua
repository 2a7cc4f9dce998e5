-- What GET /config says: which instance this is, what is in force, what each worker has adopted.
-- phase: content · yields: while it lists documents, through the `pause` it is given · dicts: all
-- state: per worker: what `init` was told of the files

local documents = require("ingress.store.documents")
local json = require("ingress.json")
local lock = require("ingress.store.lock")
local process = require("ngx.process")
local report = require("ingress.health.report")
local version = require("ingress.store.version")
local workers = require("ingress.store.workers")

local concat = table.concat
local find = string.find
local pairs = pairs
local sort = table.sort
local state = ngx.shared.ingress_state
local sub = string.sub

local KEYS_PER_PAUSE = 2000
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
    ",",
    report.brief(),
  })
end


local function list(pause)
  local keys, items = {}, {}
  for key in pairs((documents.all())) do
    keys[#keys + 1] = key
  end
  sort(keys)
  for i = 1, #keys do
    local key = keys[i]
    local digest = documents.digest(key)
    if digest then
      local colon = find(key, ":", 1, true)
      items[#items + 1] = { kind = sub(key, 1, colon - 1), id = sub(key, colon + 1), digest = digest }
    end
    if i % KEYS_PER_PAUSE == 0 then
      pause()
    end
  end
  return json.list(items)
end


-- {kind, id, digest} of every document as of one version, by key, as members; nil when it moved under us each time.
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
