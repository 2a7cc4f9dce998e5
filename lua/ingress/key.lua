-- The key of a document, `kind:id`, from what somebody sent: or nil and why not.
-- phase: init, content · yields: no · dicts: none · state: none

local kinds = require("ingress.kinds")
local versioned = require("ingress.store.documents").POINTER

local find = string.find

-- namespace, name and port of a Kubernetes object have up to 323 characters
local LONGEST = 400


-- Keys are lines of the log and stems of versioned keys: neither a control character nor such an ending.
return function(kind, id)
  if not kinds[kind] then
    return nil, "unknown kind"
  end
  local bad = #id == 0 or #id > LONGEST or find(id, "%c") or find(id, versioned)
  if bad or (kind == "settings" and id ~= "global") then
    return nil, "id is not of the right form"
  end
  return kind .. ":" .. id
end
