// Requests: compiled and interpreted routes against static nginx, with few and many services, one of them hot or all
// of them at random, plain and with policies.
import { join } from 'node:path';
import { ingress, type Manifest, workload } from '../e2e/support/objects.ts';
import type { Bench, BenchContext } from './support/bench.ts';
import { loadRounds, type Subject } from './support/load-rounds.ts';
import { startOurs } from './support/our-nginx.ts';
import { hostOf, services } from './support/services.ts';
import { startStaticPeer } from './support/static-peer.ts';
import { startUpstream, type Upstream } from './support/upstream.ts';

export const bench: Bench = {
  name: 'request',
  title: 'Requests: ours against static nginx that does the same job',
  shown: ['requests per CPU second'],
  run,
};

type World = { readonly name: string; readonly services: number; readonly policies: Policies };
type Policies = 'plain' | 'canary' | 'canary and rewrite';

const WORLDS: readonly World[] = [
  { name: '1 service', services: 1, policies: 'plain' },
  { name: '1,000 services', services: 1000, policies: 'plain' },
  { name: '10,000 services', services: 10_000, policies: 'plain' },
  { name: '1 service with canary', services: 1, policies: 'canary' },
  { name: '1 service with canary and rewrite', services: 1, policies: 'canary and rewrite' },
  { name: '1,000 services with canary and rewrite', services: 1000, policies: 'canary and rewrite' },
];

async function run(context: BenchContext): Promise<void> {
  for (const world of WORLDS) {
    const cases = casesOf(world).filter(({ name }) => context.wants(name));
    if (cases.length > 0) await measureWorld(context, world, cases);
  }
}

type Case = { readonly name: string; readonly hosts: readonly string[] };

function casesOf({ name, services: count }: World): readonly Case[] {
  const hot = [hostOf(Math.floor(count / 2))];
  if (count === 1) return [{ name, hosts: hot }];
  const all = Array.from({ length: count }, (_, index) => hostOf(index));
  return [
    { name: `${name}, one hot`, hosts: hot },
    { name: `${name}, at random`, hosts: all },
  ];
}

async function measureWorld(context: BenchContext, world: World, cases: readonly Case[]): Promise<void> {
  const closing: (() => Promise<void>)[] = [];
  const started = async <One extends { readonly close: () => Promise<void> }>(one: Promise<One>) => {
    closing.push((await one).close);
    return one;
  };
  const rewrites = world.policies === 'canary and rewrite';
  try {
    context.say(`${world.name}: starting`);
    const upstream = await started(startUpstream());
    const objects = objectsOf(upstream, world);
    const interpreted = await started(startOurs(objects, { compile: 'none' }));
    // Regexes are always interpreted: the peer, which is made of what is compiled, has the same hosts without them.
    const plain = rewrites ? objectsOf(upstream, { ...world, policies: 'plain' }) : objects;
    const compiled = await started(startOurs(plain, { compile: 'all' }));
    const inLocations = rewrites ? 'rewrite ^/api(/|$)(.*) /$2 break; ' : '';
    const peer = await started(startStaticPeer(compiled, { job: 'same', inLocations }));
    const bare = await started(startStaticPeer(compiled, { job: 'bare', inLocations }));
    for (const { name, hosts } of cases) {
      context.say(name);
      const path = rewrites ? '/api/thing' : '/';
      const subject = (called: string, on: { readonly worker: number; readonly port: number }): Subject => ({
        name: called,
        worker: on.worker,
        load: { port: on.port, hosts, path },
      });
      await loadRounds(context, {
        case: name,
        subjects: [
          subject('static', peer),
          subject('static, bare minimum', bare),
          ...(rewrites ? [] : [subject('compiled', compiled)]),
          subject('interpreted', interpreted),
        ],
        peerOf: (own) => (own === 'static' ? null : 'static'),
        rounds: 12,
        connections: 32,
        warmUpTurns: hosts.length < 10_000 ? 1 : 3,
        scratch: join(compiled.prefix, 'load.lua'),
      });
    }
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

function objectsOf(upstream: Upstream, { services: count, policies }: World): readonly Manifest[] {
  // Static nginx keeps connections for each service by itself: ten each would be more than a worker may have.
  const common =
    count < 10_000
      ? ({ services: count, endpoints: 10, addresses: 'shared' } as const)
      : ({ services: count, endpoints: 1, addresses: 'distinct' } as const);
  if (policies === 'plain') return services(upstream, common);
  const rewrites = policies === 'canary and rewrite';
  const place = rewrites ? ({ path: '/api(/|$)(.*)', pathType: 'ImplementationSpecific' } as const) : {};
  const annotations = rewrites ? { 'use-regex': 'true', 'rewrite-target': '/$2' } : {};
  const canary = { canary: 'true', 'canary-by-header': 'X-Canary', 'canary-weight': '20' };
  return services(upstream, {
    ...common,
    annotations,
    place,
    more: (host, index) => [
      ...workload(
        `next-${index}`,
        Array.from({ length: 10 }, (_, i) => upstream.endpoint(i)),
      ),
      ingress(`canary-${index}`, {
        host,
        service: `next-${index}`,
        annotations: { ...annotations, ...canary },
        ...place,
      }),
    ],
  });
}
