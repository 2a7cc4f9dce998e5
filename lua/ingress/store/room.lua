-- How much shared memory new values take: looked at before anything is written.
-- phase: any · yields: no · dicts: ingress_documents · state: none

local documents = require("ingress.store.documents")

local ceil = math.ceil

local PAGE = 4096
local HALF_PAGE = 2048
local NODE = 80
local POINTER = #documents.ABSENT
-- Pages that are open for other sizes count as taken, so a little more than the sum has to be free.
local MARGIN = 8 * PAGE


-- The slab allocator rounds to powers of two up to half a page, then to pages.
local function rounded(bytes)
  if bytes > HALF_PAGE then
    return ceil(bytes / PAGE) * PAGE
  end
  local size = 64
  while size < bytes do
    size = size * 2
  end
  return size
end


-- Bytes for these {key, line}.
return function(put)
  local bytes = 0
  for i = 1, #put do
    local key = put[i].key
    bytes = bytes + rounded(NODE + #key + 1 + POINTER + #put[i].line)
    if not documents.pointer(key) then
      bytes = bytes + rounded(NODE + #key + POINTER)
    end
  end
  return bytes == 0 and 0 or bytes + MARGIN
end
