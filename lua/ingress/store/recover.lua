-- Finishes or undoes what a killed writer left. `staging` names the attempt under way; old values are
-- deleted only after `current` names that attempt, so until then everything can be put back, and from then on
-- only cleaning is left. Either way the state is one that a batch made, and the same batch can be sent again.
-- phase: content · yields: no · dicts: ingress_documents, ingress_state · state: none

local documents = require("ingress.store.documents")
local version = require("ingress.store.version")

local pairs = pairs
local state = ngx.shared.ingress_state

local ABSENT = documents.ABSENT
local attempt_of = documents.attempt


local function undo(pointers, values, staging)
  local former, staged = {}, {}
  for _, value in pairs(values) do
    if attempt_of(value[2]) == staging then
      staged[#staged + 1] = value
    else
      former[value[1]] = value[2]
    end
  end
  for key, pointer in pairs(pointers) do
    if attempt_of(pointer) == staging or pointer == ABSENT then
      if former[key] then
        documents.flip(key, former[key])
      else
        documents.delete_pointer(key)
      end
    end
  end
  -- last: until its pointer is back, a document that was flipped is read from there
  for i = 1, #staged do
    documents.delete_value(staged[i][1], staged[i][2])
  end
end


local function clean(pointers, values)
  for _, value in pairs(values) do
    if pointers[value[1]] ~= value[2] then
      documents.delete_value(value[1], value[2])
    end
  end
  for key, pointer in pairs(pointers) do
    if pointer == ABSENT then
      documents.delete_pointer(key)
    end
  end
end


-- Call it with the lock held.
return function()
  local staging = state:get("staging")
  if not staging then
    return
  end
  local pointers, values = documents.all()
  local current = version.current()
  if current and current.attempt == staging then
    version.complete(current)
    clean(pointers, values)
  else
    undo(pointers, values, staging)
    version.publish({ "*" })
  end
  state:delete("staging")
end
