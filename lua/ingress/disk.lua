-- Loads the last accepted documents from the state folder into an empty dict, before there are workers: a start with
-- the controller dead serves its first request. The newest snapshot that is whole, then journals for as long as
-- each batch follows the one before it. What is wrong on disk is said in sentences, in the log and by /config.
-- The dict is also empty at a reload that changes its size: when the documents do not fit then, the reload is
-- refused, and what is in force stays so.
-- phase: init (the folder is root's alone) · yields: no · dicts: all three · state: none

local apply = require("ingress.store.apply")
local json = require("ingress.json")
local parse = require("ingress.batch").parse
local process = require("ngx.process")
local read_file = require("ingress.file").read
local system = require("ingress.system")
local version = require("ingress.store.version")

local error = error
local format = string.format
local match = string.match
local sort = table.sort
local state = ngx.shared.ingress_state
local tonumber = tonumber

local SENTENCES = 20

local _M = {}


-- Numbers (as written in the names) of snapshots and journals, the newest first.
local function numbers_in(folder)
  local known, numbers = {}, {}
  for _, name in ipairs(system.list(folder) or {}) do
    local digits = match(name, "^(%d+)%.snapshot$") or match(name, "^(%d+)%.journal$")
    if digits and not known[digits] then
      known[digits] = true
      numbers[#numbers + 1] = digits
    end
  end
  sort(numbers, function(a, b)
    return tonumber(a) > tonumber(b)
  end)
  return numbers
end


-- A first start knows no role yet.
local function is_reload()
  return process.type() == "master"
end


local function refusal(reason, needed, free)
  if reason ~= "full" then
    return reason
  end
  local problem = format("it needs %d bytes of %d free ones", needed, free)
  if is_reload() then
    error("ingress_documents is too small for what is in force: " .. problem, 0)
  end
  return problem
end


-- nil, or a sentence why the snapshot is not in force now.
local function load_snapshot(path)
  local text = read_file(path)
  if not text then
    return "it is missing"
  end
  local batch, err = parse(text, 1)
  if not batch then
    return err
  end
  if batch.type ~= "full" or batch.next ~= #text + 1 then
    return "it is not one full batch"
  end
  local result, reason, needed, free = apply(batch)
  if not result then
    return refusal(reason, needed, free)
  end
end


-- nil, or a sentence why reading ended before the end of the file.
local function load_journal(path)
  local text = read_file(path)
  local at = 1
  while text and at <= #text do
    local batch, err, torn = parse(text, at)
    if not batch then
      return format("byte %d: %s%s", at, err, torn and " (a torn write; what is before it is in force)" or "")
    end
    local current = version.current()
    local known = batch.epoch < current.epoch
      or (batch.epoch == current.epoch and batch.generation <= current.generation)
    if not known then
      local result, reason, needed, free = apply(batch)
      if not result then
        return format("byte %d: %s", at, refusal(reason, needed, free))
      end
    end
    at = batch.next
  end
end


-- Sentences about what was not as it should be.
local function load(folder)
  local sentences = {}
  local numbers = numbers_in(folder)
  local from = nil
  for i = 1, #numbers do
    local name = numbers[i] .. ".snapshot"
    local problem = load_snapshot(folder .. "/" .. name)
    if not problem then
      from = i
      break
    end
    sentences[#sentences + 1] = format("%s was not loaded: %s", name, problem)
  end
  for i = from or 0, 1, -1 do
    local name = numbers[i] .. ".journal"
    local problem = load_journal(folder .. "/" .. name)
    if problem then
      sentences[#sentences + 1] = format("%s was not loaded to its end: %s", name, problem)
      break
    end
  end
  if from and from > 1 then
    sentences[#sentences + 1] = format("the older %s.snapshot is in use", numbers[from])
  end
  return sentences
end


function _M.load(prefix)
  if version.current() then
    return
  end
  local sentences = load(prefix .. "/state/documents")
  for i = 1, #sentences do
    ngx.log(ngx.WARN, "state on disk: ", sentences[i])
  end
  sentences[SENTENCES + 1] = nil
  state:safe_set("loaded", json.list(sentences))
end

return _M
