-- Texts to whole numbers below 2^32 that look like chance, the same in every worker and on every gateway: CRC-32, which
-- nginx computes fastest, and the last steps of MurmurHash3 (Austin Appleby, public domain), because neighbouring texts
-- have neighbouring CRCs.
-- phase: any · yields: no · dicts: none · state: none

local bit = require("bit")

local band = bit.band
local bxor = bit.bxor
local crc32 = ngx.crc32_short
local lshift = bit.lshift
local rshift = bit.rshift
local tobit = bit.tobit

local _M = {}


-- The low 32 bits of a product: of halves, since a double holds 53 bits.
local function multiply(a, b)
  return tobit(band(a, 0xffff) * b + lshift(band(rshift(a, 16) * b, 0xffff), 16))
end


-- Whole number, of which 32 bits count → one that shows no trace of it; signed, as the bit library has them.
function _M.mix(x)
  x = bxor(x, rshift(x, 16))
  x = multiply(x, 0x85ebca6b)
  x = bxor(x, rshift(x, 13))
  x = multiply(x, 0xc2b2ae35)
  return bxor(x, rshift(x, 16))
end


-- Text → signed 32-bit whole number.
function _M.of(text)
  return _M.mix(crc32(text))
end


-- Text → number from 0, below 1.
function _M.share(text)
  return _M.of(text) % 4294967296 / 4294967296
end

return _M
