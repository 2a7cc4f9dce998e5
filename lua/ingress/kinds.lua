-- The kinds of documents and their shapes: the other side of src/model/document.ts.
-- phase: init, content · yields: no · dicts: none · state: none

local algorithms = require("ingress.balancer.algorithms")
local schema = require("ingress.schema")

local integer = schema.integer
local list = schema.list
local map = schema.map
local number = schema.number
local object = schema.object
local one_of = schema.one_of
local optional = schema.optional
local text = schema.text

local name = text(".")

local timeouts = object({
  connect = number(0.001),
  send = number(0.001),
  read = number(0.001),
})

-- Text, or the number of a group: a named one may be any of the 50 that a path may have.
local function part(value, where)
  if type(value) ~= "string" then
    return integer(1, 50)(value, where)
  end
end


local rewrite = object({
  pattern = name,
  target = list(part),
  forwardedPrefix = optional(list(part)),
})

local regex = object({
  literal = text(),
  pattern = optional(name),
  route = name,
})

local port = integer(1, 65535)

local endpoint = object({
  address = text("^[0-9A-Fa-f.:]+$"),
  port = port,
  weight = optional(integer(1)),
  draining = optional(one_of(true)),
})

local status_ranges = list(list(integer(100, 599)))

local passive = object({
  maxFails = integer(1),
  failTimeout = number(0.001),
  statuses = optional(status_ranges),
  maxEjected = integer(0, 100),
})

local check = object({
  type = one_of("http", "https", "tcp", "grpc"),
  interval = number(0.1),
  timeout = number(0.001),
  rise = integer(1),
  fall = integer(1),
  port = optional(port),
  path = optional(text("^/[!-~]*$")),
  host = optional(text("^[!-~]+$")),
  statuses = optional(status_ranges),
  service = optional(text("^[!-~]*$")),
})

-- A text, or the name of a variable behind a `$`.
local hash_key = list(name)

local affinity = object({
  name = text("^[!-~]+$"),
  mode = one_of("balanced", "persistent"),
  path = text("^[ -:<-~]+$"),
  domain = optional(text("^[!-:<-~]+$")),
  expires = optional(integer(-2 ^ 31, 2 ^ 31)),
  maxAge = optional(integer(-2 ^ 31, 2 ^ 31)),
  sameSite = optional(one_of("None", "Lax", "Strict")),
  secure = optional(one_of(true, false)),
  conditionalSameSiteNone = optional(one_of(true)),
  changeOnFailure = optional(one_of(true)),
  canary = optional(one_of("legacy")),
})

local canary = object({
  backend = name,
  header = optional(name),
  headerValue = optional(text()),
  headerPattern = optional(text()),
  cookie = optional(name),
  weight = integer(0),
  weightTotal = integer(0),
  bucketBy = optional(hash_key),
  salt = optional(text()),
  ramp = optional(object({ start = number(0), duration = number(0) })),
})


local function algorithm(value, where)
  if type(value) ~= "string" or not algorithms[value] then
    return where .. " is not a known algorithm"
  end
end


return {
  settings = object({
    httpRedirectCode = one_of(301, 302, 307, 308),
    noTlsRedirectLocations = list(text("^/")),
    defaultCertificate = optional(name),
    defaultRoute = optional(name),
    timeouts = timeouts,
  }),
  certificate = object({
    chain = name,
    key = name,
    schemes = optional(list(text("^%x%x%x%x$"))),
    ocsp = optional(object({ response = text("^[A-Za-z0-9+/]+=*$"), ends = integer(0) })),
  }),
  identity = object({
    chain = name,
    key = name,
  }),
  backend = object({
    algorithm = algorithm,
    endpoints = list(endpoint),
    hashBy = optional(hash_key),
    subsetSize = optional(integer(1)),
    slowStart = optional(number(0)),
    panicThreshold = optional(integer(0, 100)),
    passive = optional(passive),
    check = optional(check),
  }),
  route = object({
    ingress = text(),
    backend = name,
    canaries = optional(list(canary)),
    sslRedirect = optional(one_of(true)),
    denied = optional(text()),
    stale = optional(one_of(true)),
    rewrite = optional(rewrite),
    timeouts = optional(timeouts),
    tries = integer(0),
    triesTimeout = optional(number(0)),
    bodySize = integer(0),
    profile = text("^p%x+$"),
    unlimitedProfile = text("^p%x+$"),
    shard = text("^[%d%l]+_[%l%x_]+$"),
    identity = optional(name),
    unmeasuredProfile = optional(text("^p%x+$")),
    failover = optional(name),
    affinity = optional(affinity),
  }),
  host = object({
    certificate = optional(name),
    otherCertificates = optional(list(name)),
    exact = map(text("^/"), name),
    prefix = map(text("^/", "/$"), name),
    regex = optional(list(regex)),
    appRoot = optional(text("^/")),
  }),
}
