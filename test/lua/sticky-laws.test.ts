// Laws of sticky sessions, with thousands of them in one worker: how they spread, what moves them, and what does not.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Gateway, startGateway } from './support/gateway.ts';

let gateway: Gateway;
let second: Gateway;

beforeAll(async () => {
  [gateway, second] = await Promise.all([startGateway(), startGateway()]);
});
afterAll(async () => {
  await Promise.all([gateway?.close(), second?.close()]);
});

// `state` is as backends.lua makes it: `out` and `drains` are sets of ports. `visit` → name of the endpoint, the cookie
// that the client has then, whether one was set, position.
const PRELUDE = `
local affinity = require("ingress.affinity")
local algorithms = require("ingress.balancer.algorithms")
local name_of = require("ingress.balancer.name")
local function range(from, to)
  local list = {}
  for i = from, to do list[#list + 1] = i end
  return list
end
local function set(...)
  local found = {}
  for _, item in ipairs({ ... }) do found[item] = true end
  return found
end
local function state_of(ports, drains, out)
  local endpoints, fit, names, unfit = {}, {}, {}, nil
  for i, port in ipairs(ports) do
    local endpoint = { address = "10.0.0.1", port = port, draining = drains and drains[port] or nil }
    endpoints[i], names[i] = endpoint, name_of(endpoint)
    if out and out[port] then
      unfit = unfit or {}
      unfit[names[i]] = true
    elseif not endpoint.draining then
      fit[#fit + 1] = endpoint
    end
  end
  local picker = algorithms.round_robin.new({ endpoints = fit })
  return { id = "ns/web/80", body = { algorithm = "round_robin", endpoints = endpoints }, names = names, unfit = unfit,
    algorithm = algorithms.round_robin, picker = picker, count = picker.count }
end
local function route_of(mode, more)
  local sticky = { name = "S", mode = mode, path = "/" }
  for key, value in pairs(more or {}) do sticky[key] = value end
  return { backend = "ns/web/80", affinity = sticky }
end
local function visit(route, state, cookie, tried)
  if cookie then ngx.req.set_header("Cookie", cookie) else ngx.req.clear_header("Cookie") end
  ngx.header["Set-Cookie"] = nil
  local _, _, name, i = affinity.pick(route, state, tried)
  local line = ngx.header["Set-Cookie"]
  ngx.header["Set-Cookie"] = nil
  if type(line) == "table" then
    assert(#line == 1)
    line = line[1]
  end
  return name, line and line:match("^[^;]+") or cookie, line ~= nil, i
end
-- sessions that begin: {name, cookie}
local function begin(route, state, count)
  local sessions = {}
  for i = 1, count do
    local name, cookie = visit(route, state)
    sessions[i] = { name, cookie }
  end
  return sessions
end
local function counts_of(sessions)
  local counts = {}
  for _, session in ipairs(sessions) do counts[session[1]] = (counts[session[1]] or 0) + 1 end
  return counts
end
local function chi_square(counts, names)
  local total, chi = 0, 0
  for _, name in ipairs(names) do total = total + (counts[name] or 0) end
  local expected = total / #names
  for _, name in ipairs(names) do chi = chi + ((counts[name] or 0) - expected) ^ 2 / expected end
  return chi
end
math.randomseed(20260301)
`;
const run = <T>(lua: string, where = gateway): Promise<T> => where.run<T>(`${PRELUDE}\n${lua}`);

test('balanced sessions begin evenly', async () => {
  const chi = await run<number>(`
    local state = state_of(range(1, 10))
    return chi_square(counts_of(begin(route_of("balanced"), state, 5000)), state.names)`);
  // 9 degrees of freedom: 33.7 is passed once in 10,000 times
  expect(chi).toBeLessThan(33.7);
});

describe.each(['balanced', 'persistent'])('%s', (mode) => {
  test('nothing changes: no session moves, no cookie is set again, order does not matter', async () => {
    expect(
      await run(`
        local route = route_of("${mode}")
        local sessions = begin(route, state_of(range(1, 10)), 1000)
        local others = state_of({ 7, 3, 10, 1, 5, 2, 9, 8, 6, 4 })
        local moved, set_again = 0, 0
        for _, session in ipairs(sessions) do
          local name, _, was_set = visit(route, others, session[2])
          if name ~= session[1] then moved = moved + 1 end
          if was_set then set_again = set_again + 1 end
        end
        return { moved, set_again }`),
    ).toEqual([0, 0]);
  });

  test('an endpoint that goes moves its own, evenly; one that comes, its part or none', async () => {
    const { strays, chi, gained, foreign } = await run<Record<string, number>>(`
      local route = route_of("${mode}")
      local sessions = begin(route, state_of(range(1, 10)), 4000)
      local less, more = state_of(range(1, 9)), state_of(range(1, 11))
      local strays, gained, foreign, moved = 0, 0, 0, {}
      for _, session in ipairs(sessions) do
        local name = visit(route, less, session[2])
        if session[1] == "10.0.0.1:10" then moved[#moved + 1] = { name }
        elseif name ~= session[1] then strays = strays + 1 end
        name = visit(route, more, session[2])
        if name == "10.0.0.1:11" then gained = gained + 1
        elseif name ~= session[1] then foreign = foreign + 1 end
      end
      return { strays = strays, chi = chi_square(counts_of(moved), less.names), gained = gained, foreign = foreign }`);
    expect({ strays, foreign }).toEqual({ strays: 0, foreign: 0 });
    // 8 degrees of freedom: 31.8 is passed once in 10,000 times
    expect(chi).toBeLessThan(31.8);
    // 4000 at 1/11: 364 ± 18; five standard deviations
    if (mode === 'balanced') expect(Math.abs((gained ?? 0) - 364)).toBeLessThan(91);
    else expect(gained).toBe(0);
  });

  test('draining endpoints keep their sessions and get none, even when there is but one other', async () => {
    const { moved, late, told, early } = await run<Record<string, number>>(`
      local route = route_of("${mode}")
      local sessions = begin(route, state_of(range(1, 10)), 1000)
      local state = state_of(range(1, 10), set(unpack(range(2, 10))))
      local moved, late, told, early = 0, 0, 0, 0
      for _, session in ipairs(sessions) do
        local name, _, _, i = visit(route, state, session[2])
        if name ~= session[1] or (i == nil) ~= (name ~= "10.0.0.1:1") then moved = moved + 1 end
      end
      for _ = 1, 1000 do
        local name, cookie = visit(route, state)
        if name and name ~= "10.0.0.1:1" then late = late + 1 end
        if cookie then
          told = told + 1
          if visit(route, state, cookie) ~= "10.0.0.1:1" then early = early + 1 end
        end
      end
      return { moved = moved, late = late, told = told, early = early }`);
    expect({ moved, late, early }).toEqual({ moved: 0, late: 0, early: 0 });
    // a balanced one begins a request later when no draw has fitted: 0.9^32, 34 ± 6 of 1000
    expect(told).toBeGreaterThan(mode === 'balanced' ? 930 : 999);
  });

  test('an endpoint that is out: its sessions are spread, stay where they are, and come back', async () => {
    const { strays, chi, wandering, lost, told } = await run<Record<string, number>>(`
      local route = route_of("${mode}")
      local whole, part = state_of(range(1, 10)), state_of(range(1, 10), nil, set(4))
      local strays, wandering, lost, told, moved = 0, 0, 0, 0, {}
      for _, session in ipairs(begin(route, whole, 4000)) do
        local name, cookie, was_set = visit(route, part, session[2])
        if session[1] == "10.0.0.1:4" then
          moved[#moved + 1] = { name }
          if visit(route, part, cookie) ~= name then wandering = wandering + 1 end
        elseif name ~= session[1] then strays = strays + 1 end
        if was_set then told = told + 1 end
        if visit(route, whole, cookie) ~= session[1] then lost = lost + 1 end
      end
      table.remove(part.names, 4)
      return { strays = strays, chi = chi_square(counts_of(moved), part.names), wandering = wandering, lost = lost,
        told = told }`);
    expect({ strays, wandering, lost, told }).toEqual({ strays: 0, wandering: 0, lost: 0, told: 0 });
    expect(chi).toBeLessThan(31.8);
  });

  test('an endpoint that is out gets no new sessions, and those that began meanwhile stay when it is back', async () => {
    expect(
      await run(`
        local route = route_of("${mode}")
        local whole, part = state_of(range(1, 10)), state_of(range(1, 10), nil, set(4))
        local wrong, moved = 0, 0
        for _, session in ipairs(begin(route, part, 1000)) do
          if session[1] == "10.0.0.1:4" then wrong = wrong + 1 end
          if visit(route, whole, session[2]) ~= session[1] then moved = moved + 1 end
        end
        return { wrong, moved }`),
    ).toEqual([0, 0]);
  });

  test('change on failure: sessions of an endpoint that is out move for good, all others stay', async () => {
    expect(
      await run(`
        local route = route_of("${mode}", { changeOnFailure = true })
        local whole, part = state_of(range(1, 10)), state_of(range(1, 10), nil, set(4))
        local wrong = 0
        for _, session in ipairs(begin(route, whole, 1000)) do
          local name, cookie, was_set = visit(route, part, session[2])
          if was_set ~= (session[1] == "10.0.0.1:4") then wrong = wrong + 1 end
          if visit(route, whole, cookie) ~= name then wrong = wrong + 1 end
        end
        return wrong`),
    ).toBe(0);
  });

  test('all but one are out: sessions begin and stay there', async () => {
    expect(
      await run(`
        local route = route_of("${mode}")
        local state = state_of(range(1, 100), nil, set(unpack(range(2, 100))))
        local wrong = 0
        for _, session in ipairs(begin(route, state, 300)) do
          if session[1] ~= "10.0.0.1:1" or not session[2] then wrong = wrong + 1 end
          local name, _, was_set = visit(route, state, session[2])
          if name ~= "10.0.0.1:1" or was_set then wrong = wrong + 1 end
        end
        return wrong`),
    ).toBe(0);
  });

  test('in whatever state: what was tried is not picked again, and only that', async () => {
    expect(
      await run(`
        local wrong = {}
        for round = 1, 1500 do
          local route = route_of("${mode}", { changeOnFailure = round % 2 == 0 or nil })
          local count = math.random(1, 6)
          local drains, out, tried, fit, left = {}, {}, {}, {}, false
          for port = 1, count do
            local name, dice = "10.0.0.1:" .. port, math.random(10)
            if dice <= 2 then drains[port] = true elseif dice <= 4 then out[port] = true else fit[name] = true end
          end
          if next(fit) then
            local _, cookie = visit(route, state_of(range(1, count)))
            if round % 3 == 0 then cookie = nil end
            local state = state_of(range(1, count), drains, out)
            for port = 1, count do
              local name = "10.0.0.1:" .. port
              if math.random(2) == 1 then tried[name] = true elseif fit[name] then left = true end
            end
            local name, kept, was_set = visit(route, state, cookie, tried)
            local port = name and tonumber(name:match("%d+$"))
            local draining = port and drains[port]
            local fine = name == nil and not left or name ~= nil and not tried[name] and (fit[name] or draining and cookie)
            -- a cookie that was set holds at once
            if fine and was_set then fine = visit(route, state, kept, nil) == name and not draining end
            if not fine then wrong[#wrong + 1] = round .. " " .. tostring(name) end
          end
        end
        return { wrong }`),
    ).toEqual([{}]);
  });

  test('two gateways read a cookie alike', async () => {
    const sessions = await run<readonly (readonly [string, string])[]>(
      `return begin(route_of("${mode}"), state_of(range(1, 10)), 200)`,
    );
    const names = await run<readonly string[]>(
      `local names, route, state = {}, route_of("${mode}"), state_of({ 10, 9, 8, 7, 6, 5, 4, 3, 2, 1 })
      for i, cookie in ipairs({ ${sessions.map(([, cookie]) => `"${cookie}"`).join(', ')} }) do
        names[i] = visit(route, state, cookie)
      end
      return names`,
      second,
    );
    expect(names).toEqual(sessions.map(([name]) => name));
    expect(new Set(sessions.map(([, cookie]) => cookie)).size).toBe(200);
  });
});
