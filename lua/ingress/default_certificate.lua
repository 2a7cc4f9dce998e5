-- The certificate of the files, for servers that name none: reading a key takes nginx half a millisecond for each of
-- them, at each test and reload. Read in the master, which may; parsed once per worker.
-- phase: init (start), ssl_certificate (get) · yields: no · dicts: none · state: per worker, two texts and what they say

local read = require("ingress.file").read
local ssl = require("ngx.ssl")

local texts, pair = nil, nil

local _M = {}


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
