-- The few things that we ask of the operating system and that Lua does not offer: who lives, what a folder holds,
-- whether anybody listens on a socket. Linux.
-- phase: init, init_worker, content · yields: no (each is a short system call) · dicts: none · state: none

local ffi = require("ffi")

local C = ffi.C
local open = io.open
local match = string.match
local tonumber = tonumber

local AF_UNIX, SOCK_STREAM, SOCK_NONBLOCK = 1, 1, 2048
local ECONNREFUSED = 111

-- Own names with asm labels: other libraries in the same process may have declared these functions differently.
ffi.cdef([[
struct ingress_dirent {
  uint64_t ino;
  int64_t off;
  unsigned short length;
  unsigned char type;
  char name[256];
};
struct ingress_sockaddr { unsigned short family; char path[108]; };
void *ingress_opendir(const char *name) __asm__("opendir");
struct ingress_dirent *ingress_readdir(void *dir) __asm__("readdir");
int ingress_closedir(void *dir) __asm__("closedir");
int ingress_socket(int domain, int type, int protocol) __asm__("socket");
int ingress_connect(int fd, const void *address, unsigned int length) __asm__("connect");
int ingress_close(int fd) __asm__("close");
]])

local _M = {}


-- Is this process alive and a child of that one? A pid alone proves nothing: it may have been given away again.
function _M.is_child(pid, parent)
  local file = open("/proc/" .. pid .. "/stat", "r")
  if not file then
    return false
  end
  local line = file:read("*l")
  file:close()
  -- the name in parentheses may contain anything, so look behind the last one
  local state, ppid = match(line or "", "^.*%) (%a) (%d+)")
  return state ~= nil and state ~= "Z" and tonumber(ppid) == parent
end


-- Names in a folder, unordered; nil when it cannot be opened.
function _M.list(folder)
  local dir = C.ingress_opendir(folder)
  if dir == nil then
    return nil
  end
  local names = {}
  while true do
    local item = C.ingress_readdir(dir)
    if item == nil then
      break
    end
    names[#names + 1] = ffi.string(item.name)
  end
  C.ingress_closedir(dir)
  return names
end


-- Does a socket lie at this path that nobody listens on? Only a refusal says so; a full backlog does not.
function _M.is_stale_socket(path)
  if #path > 107 then
    return false
  end
  local fd = C.ingress_socket(AF_UNIX, SOCK_STREAM + SOCK_NONBLOCK, 0)
  if fd < 0 then
    return false
  end
  local address = ffi.new("struct ingress_sockaddr")
  address.family = AF_UNIX
  ffi.copy(address.path, path)
  local refused = C.ingress_connect(fd, address, ffi.sizeof(address)) ~= 0 and ffi.errno() == ECONNREFUSED
  C.ingress_close(fd)
  return refused
end


-- Hex digits from the kernel's generator: two per byte.
function _M.random_hex(bytes)
  local file, err = open("/dev/urandom", "rb")
  if not file then
    return nil, err
  end
  local data = file:read(bytes)
  file:close()
  return (data:gsub(".", function(char)
    return string.format("%02x", char:byte())
  end))
end

return _M
