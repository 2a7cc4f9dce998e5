// Balancing: each algorithm against the one of nginx itself that comes nearest, with few endpoints and many, and what a
// pick alone takes.
import { join } from 'node:path';
import { ingress, type Manifest, workload } from '../e2e/support/objects.ts';
import type { Bench, BenchContext } from './support/bench.ts';
import { loadRounds } from './support/load-rounds.ts';
import { startOurs } from './support/our-nginx.ts';
import { measurePicks } from './support/picks.ts';
import { startStaticPeer } from './support/static-peer.ts';
import { startUpstream, type Upstream } from './support/upstream.ts';

export const bench: Bench = {
  name: 'balancing',
  title: 'Balancing: compiled routes against what static nginx has itself',
  shown: ['requests per CPU second', 'time of a pick'],
  run,
};

/** By name: annotations of ours. `static-peer.ts` says what nginx is told instead. */
const ALGORITHMS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'round robin': {},
  'consistent hash': { 'upstream-hash-by': '$request_uri' },
  'least connections': { 'load-balance': 'least_conn' },
  'peak EWMA': { 'load-balance': 'ewma' },
};

const SIZES = [10, 1000];
const URIS = 1000;
/** More than what keys came to is kept of. */
const MANY_URIS = 100_000;

async function run(context: BenchContext): Promise<void> {
  for (const endpoints of SIZES) {
    const cases = casesOf(endpoints).filter(({ name }) => context.wants(name));
    if (cases.length > 0) await measureSize(context, endpoints, cases);
  }
  if (context.wants('a pick')) await measurePicks(context);
}

type Case = { readonly name: string; readonly algorithm: string; readonly uris: number };

function casesOf(endpoints: number): readonly Case[] {
  const size = `${endpoints.toLocaleString('en-US')} endpoints`;
  const cases = Object.keys(ALGORITHMS).map((algorithm) => ({
    name: `${algorithm}, ${size}`,
    algorithm,
    uris: URIS,
  }));
  const hash = 'consistent hash';
  return [...cases, { name: `${hash} of 100,000 URIs, ${size}`, algorithm: hash, uris: MANY_URIS }];
}

async function measureSize(context: BenchContext, endpoints: number, cases: readonly Case[]): Promise<void> {
  const closing: (() => Promise<void>)[] = [];
  try {
    const upstream = await startUpstream();
    closing.push(upstream.close);
    // all connections are kept: opening them would cost more than everything else
    const settings = { 'upstream-keepalive-connections': String(endpoints * 4) };
    const compiled = await startOurs(objectsOf(upstream, endpoints), { compile: 'all', settings });
    closing.push(compiled.close);
    const peer = await startStaticPeer(compiled, { job: 'same' });
    closing.push(peer.close);
    for (const { name, algorithm, uris } of cases) {
      context.say(name);
      const load = { hosts: [hostOf(algorithm)], path: '/item/', uris };
      await loadRounds(context, {
        case: name,
        subjects: [
          { name: 'static', worker: peer.worker, load: { ...load, port: peer.port } },
          { name: 'compiled', worker: compiled.worker, load: { ...load, port: compiled.port } },
        ],
        peerOf: (own) => (own === 'static' ? null : 'static'),
        rounds: 12,
        connections: 32,
        warmUpTurns: 2,
        scratch: join(compiled.prefix, 'load.lua'),
      });
    }
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

/** A service for each algorithm, all of the same endpoints. */
function objectsOf(upstream: Upstream, count: number): readonly Manifest[] {
  const endpoints = Array.from({ length: count }, (_, index) => upstream.endpoint(index));
  return Object.entries(ALGORITHMS).flatMap(([algorithm, annotations]) => {
    const name = nameOf(algorithm);
    return [
      ...workload(name, endpoints),
      ingress(name, { host: hostOf(algorithm), service: name, annotations }),
    ];
  });
}

function nameOf(algorithm: string): string {
  return algorithm.toLowerCase().replaceAll(' ', '-');
}

function hostOf(algorithm: string): string {
  return `${nameOf(algorithm)}.bench.example`;
}
