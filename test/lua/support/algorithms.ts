// The balancing algorithms as laws see them: called in a real worker, with chance and clock in the test's hands.

import type { Gateway } from './gateway.ts';

export const ALGORITHMS = ['round_robin', 'chash', 'chashsubset', 'ewma', 'least_conn'] as const;

/** What chi-square stays below in 999 of 1,000 cases where nothing but chance is at work, by degrees of freedom. */
export const CHI_SQUARE: Readonly<Record<number, number>> = {
  2: 13.816,
  8: 26.124,
  9: 27.877,
  87: 133.51,
  99: 148.23,
};

export type Peer = { readonly address: string; readonly port: number; readonly weight?: number };

/** `10.0.x.y:80` for each weight. */
export function peers(weights: readonly number[]): readonly Peer[] {
  return weights.map((weight, index) => ({
    address: `10.0.${index >> 8}.${index & 255}`,
    port: 80,
    ...(weight === 1 ? {} : { weight }),
  }));
}

export function equalPeers(count: number): readonly Peer[] {
  return peers(ones(count));
}

export function ones(count: number): readonly number[] {
  return Array.from({ length: count }, () => 1);
}

export function nameOf(peer: Peer): string {
  return `${peer.address}:${peer.port}`;
}

/** Of counts, to what weights make of their sum. */
export function chiSquare(counts: readonly number[], weights: readonly number[]): number {
  const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);
  const one = sum(counts) / sum(weights);
  return sum(
    counts.map((count, index) => (count - one * (weights[index] ?? 0)) ** 2 / (one * (weights[index] ?? 0))),
  );
}

/** Runs Lua in a worker, where chance begins at the same place each time; it finds `data`, and what is defined below. */
export function law<T>(gateway: Gateway, lua: string, data: unknown = {}): Promise<T> {
  return gateway.run<T>(
    `local data = require("cjson").decode([==[${JSON.stringify(data)}]==])\n${PRELUDE}\n${lua}`,
  );
}

const PRELUDE = `
local algorithms = require("ingress.balancer.algorithms")
local hash = require("ingress.balancer.hash")
math.randomseed(20260301)

local function make(name, endpoints)
  return algorithms[name].new({ endpoints = endpoints, subsetSize = data.subsetSize })
end

-- How often each peer is picked, in the order of the peers; with a key each time: its number as text.
local function count_picks(name, state, picks)
  local counts = {}
  for i = 1, state.count do counts[i] = 0 end
  for turn = 1, picks do
    local i = algorithms[name].pick(state, nil, hash.of("/item/" .. turn))
    counts[i] = counts[i] + 1
  end
  return counts
end

-- An algorithm whose clock is \`clock.now\`, and chance as above.
local clock = { now = 1000 }
local function clocked(name)
  local path, real = "ingress.balancer." .. name, ngx.now
  local former = package.loaded[path]
  package.loaded[path] = nil
  ngx.now = function() return clock.now end
  local loaded = require(path)
  ngx.now = real
  package.loaded[path] = former
  return loaded
end

-- Requests at random moments, \`rate\` a second: service(name) says how long an attempt takes, and whether it fails.
local function simulate(algorithm, state, seconds, rate, service)
  local counts, under_way, ends, sum = {}, {}, clock.now + seconds, 0
  for i = 1, state.count do counts[state.names[i]] = 0 end
  while clock.now < ends do
    local arrival = clock.now - math.log(1 - math.random()) / rate
    while under_way[1] and under_way[1].at <= arrival do
      local attempt = table.remove(under_way, 1)
      clock.now = attempt.at
      algorithm.ended(state, attempt.name, attempt.takes, attempt.failed)
    end
    clock.now = arrival
    local i = algorithm.pick(state)
    algorithm.started(state, i)
    local name = state.names[i]
    local takes, failed = service(name)
    counts[name], sum = counts[name] + 1, sum + takes
    local place = #under_way + 1
    while place > 1 and under_way[place - 1].at > arrival + takes do place = place - 1 end
    table.insert(under_way, place, { at = arrival + takes, name = name, takes = takes, failed = failed })
  end
  local list, total = {}, 0
  for i = 1, state.count do
    list[i] = counts[state.names[i]]
    total = total + list[i]
  end
  for _, attempt in ipairs(under_way) do
    algorithm.ended(state, attempt.name, attempt.takes, attempt.failed)
  end
  return { counts = list, mean = sum / total, total = total }
end
`;
