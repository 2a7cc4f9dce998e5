// Requests: compiled and interpreted routes against static nginx, with few and many services, one of them hot or all
// of them at random, plain and with policies.
import { join } from 'node:path';
import { ingress, type Manifest } from '../e2e/support/objects.ts';
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
type Policies = 'plain' | 'canary';

const WORLDS: readonly World[] = [
  { name: '1 service', services: 1, policies: 'plain' },
  { name: '1,000 services', services: 1000, policies: 'plain' },
  { name: '10,000 services', services: 10_000, policies: 'plain' },
  { name: '1 service with canary', services: 1, policies: 'canary' },
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
  try {
    context.say(`${world.name}: starting`);
    const upstream = await startUpstream();
    closing.push(upstream.close);
    const objects = objectsOf(upstream, world);
    const compiled = await startOurs(objects, { compile: 'all' });
    closing.push(compiled.close);
    const interpreted = await startOurs(objects, { compile: 'none' });
    closing.push(interpreted.close);
    const peer = await startStaticPeer(compiled, { job: 'same' });
    closing.push(peer.close);
    const bare = await startStaticPeer(compiled, { job: 'bare' });
    closing.push(bare.close);
    for (const { name, hosts } of cases) {
      context.say(name);
      const subject = (
        subjectName: string,
        on: { readonly worker: number; readonly port: number },
      ): Subject => ({
        name: subjectName,
        worker: on.worker,
        load: { port: on.port, hosts },
      });
      await loadRounds(context, {
        case: name,
        subjects: [
          subject('static', peer),
          subject('static, bare minimum', bare),
          subject('compiled', compiled),
          subject('interpreted', interpreted),
        ],
        peerOf: (own) => (own === 'static' ? null : 'static'),
        rounds: 12,
        connections: 32,
        scratch: join(compiled.prefix, 'load.lua'),
      });
    }
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

function objectsOf(upstream: Upstream, { services: count, policies }: World): readonly Manifest[] {
  const common = { services: count, endpoints: 10, addresses: 'shared' } as const;
  if (policies === 'plain') return services(upstream, common);
  return services(upstream, {
    ...common,
    more: (host, index) => [
      ingress(`canary-${index}`, {
        host,
        service: `service-${index}`,
        annotations: { canary: 'true', 'canary-by-header': 'X-Canary', 'canary-weight': '20' },
      }),
    ],
  });
}
