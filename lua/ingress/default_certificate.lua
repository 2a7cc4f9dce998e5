-- The certificate of the files, for servers that name none: reading a key takes nginx half a millisecond for each of
-- them, at each test and reload. Read in the master, which may; parsed once per worker.
-- phase: init (start), ssl_certificate (get) · yields: no · dicts: none · state: per worker, two texts and what they say

local ssl = require("ngx.ssl")

local open = io.open

local texts, pair = nil, nil

local _M = {}


local function read(path)
  local file = open(path, "rb")
  if not file then
    return nil
  end
  local text = file:read("*a")
  file:close()
  return text
end


-- Where there is none, servers have their own from nginx, or the handshake ends.
function _M.start(prefix)
  local chain, key = read(prefix .. "/state/tls/default.crt"), read(prefix .. "/state/tls/default.key")
  texts = chain and key and { chain = chain, key = key }
end


-- {chain, key} parsed, or nil.
function _M.get()
  if pair == nil then
    local chain = texts and ssl.parse_pem_cert(texts.chain)
    local key = chain and ssl.parse_pem_priv_key(texts.key)
    pair = key and { chain = chain, key = key } or false
  end
  return pair or nil
end

return _M
