-- Shows OCSP responses. A connection has one, which has to be of the certificate that OpenSSL picks after us: where a
-- host has several, that is foretold as OpenSSL decides (TLS 1.3: the first common signature scheme that one of the
-- keys can do), and where it cannot be foretold (up to TLS 1.2 the cipher decides too) none is shown.
-- phase: ssl_certificate · yields: no · dicts: none · state: buffers

local ffi = require("ffi")
local ssl = require("ngx.ssl")

local base_ok, base = pcall(require, "resty.core.base")
local ocsp_ok, ocsp = pcall(require, "ngx.ocsp")

local C = ffi.C
local cdef = ffi.cdef
local new = ffi.new
local pcall = pcall
local time = ngx.time

local TLS_1_3 = 0x0304
local MOST_SCHEMES = 64

local _M = {}


-- The SSL of the connection: by the library's function where it has one, else by what that would call.
local function pointer_getter()
  if ssl.get_req_ssl_pointer then
    return ssl.get_req_ssl_pointer
  end
  if not base_ok or not pcall(cdef, "void *ngx_http_lua_ffi_get_req_ssl_pointer(void *r, const char **err);") then
    return nil
  end
  local err = new("const char *[1]")
  return pcall(function() return C.ngx_http_lua_ffi_get_req_ssl_pointer end) and function()
    local pointer = C.ngx_http_lua_ffi_get_req_ssl_pointer(base.get_request(), err)
    return pointer ~= nil and pointer or nil
  end
end


local has_schemes = pcall(cdef, [[
int SSL_get_shared_sigalgs(void *s, int idx, int *psign, int *phash, int *psignhash, unsigned char *rsig,
  unsigned char *rhash);
]]) and pcall(function() return C.SSL_get_shared_sigalgs end)

local get_pointer = has_schemes and pointer_getter() or nil
local low, high = new("unsigned char[1]"), new("unsigned char[1]")


local function fresh(pair)
  return pair.staple and time() < pair.staple_until
end


-- Of two pairs the one that OpenSSL will pick, or nil.
local function foretell(one, other)
  if not get_pointer or ssl.get_tls1_version() ~= TLS_1_3 then
    return nil
  end
  local pointer = get_pointer()
  if not pointer then
    return nil
  end
  for i = 0, MOST_SCHEMES - 1 do
    if C.SSL_get_shared_sigalgs(pointer, i, nil, nil, nil, low, high) <= i then
      return nil
    end
    local scheme = high[0] * 256 + low[0]
    if one.schemes[scheme] then
      return one
    end
    if other.schemes[scheme] then
      return other
    end
  end
  return nil
end


-- Of the pairs that were set: the first, the second or nil, and whether there are more than two.
function _M.show(one, other, more)
  if not ocsp_ok or more then
    return
  end
  if other then
    if not one.schemes or not other.schemes or not (fresh(one) or fresh(other)) then
      return
    end
    one = foretell(one, other)
  end
  if one and fresh(one) then
    -- false for clients that did not ask
    ocsp.set_ocsp_status_resp(one.staple)
  end
end

return _M
