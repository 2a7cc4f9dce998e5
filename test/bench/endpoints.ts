// Endpoints: a thousand services with ten addresses of their own each, asked at random. Here upstream connections are
// what costs: each has to be found again, or opened anew.
import { join } from 'node:path';
import type { Bench, BenchContext } from './support/bench.ts';
import { loadRounds, type Subject } from './support/load-rounds.ts';
import { startOurs } from './support/our-nginx.ts';
import { hostOf, services } from './support/services.ts';
import { startStaticPeer } from './support/static-peer.ts';
import { startUpstream } from './support/upstream.ts';

const SERVICES = 1000;
const ENDPOINTS = 10;
const NAME = '1,000 services of 10 endpoints, at random';

export const bench: Bench = {
  name: 'endpoints',
  title: 'Many endpoints: ours against static nginx with an upstream block for each service',
  shown: ['requests per CPU second'],
  run,
};

async function run(context: BenchContext): Promise<void> {
  if (!context.wants(NAME)) return;
  const closing: (() => Promise<void>)[] = [];
  try {
    const upstream = await startUpstream();
    closing.push(upstream.close);
    const objects = services(upstream, { services: SERVICES, endpoints: ENDPOINTS, addresses: 'distinct' });
    const compiled = await startOurs(objects, { compile: 'all' });
    closing.push(compiled.close);
    const interpreted = await startOurs(objects, { compile: 'none' });
    closing.push(interpreted.close);
    const peer = await startStaticPeer(compiled, { job: 'same' });
    closing.push(peer.close);
    const hosts = Array.from({ length: SERVICES }, (_, index) => hostOf(index));
    const subject = (name: string, on: { readonly worker: number; readonly port: number }): Subject => ({
      name,
      worker: on.worker,
      load: { port: on.port, hosts },
    });
    context.say(NAME);
    await loadRounds(context, {
      case: NAME,
      subjects: [subject('static', peer), subject('compiled', compiled), subject('interpreted', interpreted)],
      peerOf: (own) => (own === 'static' ? null : 'static'),
      rounds: 12,
      connections: 32,
      // until each has its 10,000 connections to endpoints
      warmUpTurns: 3,
      scratch: join(compiled.prefix, 'load.lua'),
    });
  } finally {
    for (const close of closing.reverse()) await close();
  }
}
