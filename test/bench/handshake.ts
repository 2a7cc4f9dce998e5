// Full TLS handshakes: certificates from documents against certificates that nginx has read from files.
import type { Manifest } from '../e2e/support/objects.ts';
import { tlsSecret } from '../e2e/support/objects.ts';
import { type KeyKind, makeAuthority, makeLeaf, type Pair } from '../support/certs.ts';
import type { Bench, BenchContext } from './support/bench.ts';
import { cpuTime, pin, SUBJECT_CPU } from './support/cpu.ts';
import { runHandshakes } from './support/handshakes.ts';
import { measure } from './support/measurement.ts';
import { startOurs } from './support/our-nginx.ts';
import { interleave } from './support/rounds.ts';
import { services } from './support/services.ts';
import { startStaticPeer } from './support/static-peer.ts';
import { startUpstream, type Upstream } from './support/upstream.ts';

export const bench: Bench = {
  name: 'handshake',
  title: 'Full TLS handshakes: ours against static nginx with a certificate file for each host',
  shown: ['handshakes per CPU second'],
  run,
};

type World = {
  readonly kind: KeyKind;
  readonly certificates: number;
  readonly versions: readonly Version[];
};
type Version = 'TLSv1.2' | 'TLSv1.3';

const WORLDS: readonly World[] = [
  { kind: 'ec', certificates: 100, versions: ['TLSv1.3', 'TLSv1.2'] },
  { kind: 'rsa', certificates: 100, versions: ['TLSv1.3', 'TLSv1.2'] },
  { kind: 'ec', certificates: 10_000, versions: ['TLSv1.3'] },
];
/** Different keys; each is the key of many certificates, for making so many takes longer than the bench. */
const PAIRS = 8;

async function run(context: BenchContext): Promise<void> {
  for (const world of WORLDS) {
    const versions = world.versions.filter((version) => context.wants(nameOf(world, version)));
    if (versions.length > 0) await measureWorld(context, world, versions);
  }
}

function nameOf({ kind, certificates }: World, version: Version): string {
  return `${kind === 'ec' ? 'EC P-256' : 'RSA 2048'}, ${version.replace('v', ' ')}, ${certificates.toLocaleString('en-US')} certificates`;
}

async function measureWorld(
  context: BenchContext,
  world: World,
  versions: readonly Version[],
): Promise<void> {
  const closing: (() => Promise<void>)[] = [];
  try {
    const upstream = await startUpstream();
    closing.push(upstream.close);
    const objects = await objectsOf(upstream, world);
    const compiled = await startOurs(objects, { compile: 'all' });
    closing.push(compiled.close);
    const interpreted = await startOurs(objects, { compile: 'none' });
    closing.push(interpreted.close);
    const peer = await startStaticPeer(compiled, { job: 'same' });
    closing.push(peer.close);
    const subjects = { static: peer, compiled, interpreted };
    for (const { worker } of Object.values(subjects)) await pin(worker, SUBJECT_CPU);
    for (const version of versions) await measureCase(context, world, version, subjects);
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

type Subjects = Readonly<Record<string, { readonly worker: number; readonly tlsPort: number }>>;

async function measureCase(
  context: BenchContext,
  world: World,
  version: Version,
  subjects: Subjects,
): Promise<void> {
  const name = nameOf(world, version);
  context.say(name);
  const load = { hosts: world.certificates, version, connections: 16 };
  const turn = async ({ worker, tlsPort }: Subjects[string], seconds: number | null) => {
    const before = await cpuTime(worker);
    const { handshakes } = await runHandshakes({ ...load, port: tlsPort, seconds });
    return ((await cpuTime(worker)) - before) / 1000 / handshakes;
  };
  // each certificate is parsed once by each worker
  for (const subject of Object.values(subjects)) await turn(subject, null);
  const turns = Object.entries(subjects).map(([subject, on]) => ({
    subject,
    run: () => turn(on, context.seconds ?? 1),
  }));
  const results = await interleave(turns, { rounds: context.rounds ?? 12, signal: context.signal });
  const perSecond = (subject: string) => (results.get(subject) ?? []).map((micros) => 1e6 / micros);
  for (const subject of Object.keys(subjects)) {
    const series = { case: name, subject, metric: 'handshakes per CPU second', unit: '/s' };
    const peer = { subject: 'static', values: perSecond('static') };
    context.emit(
      measure({ ...series, values: perSecond(subject), ...(subject === 'static' ? {} : { peer }) }),
    );
    const micros = { ...series, metric: 'CPU per handshake', unit: 'µs', values: results.get(subject) ?? [] };
    context.emit(measure(micros));
  }
}

async function objectsOf(upstream: Upstream, { kind, certificates }: World): Promise<readonly Manifest[]> {
  const authority = await makeAuthority();
  const pairs: Pair[] = [];
  for (let i = 0; i < PAIRS; i++) pairs.push(await makeLeaf(authority, { names: ['*.bench.example'], kind }));
  const chained = pairs.map(({ cert, key }) => ({ cert: cert + authority.cert, key }));
  return services(upstream, {
    services: certificates,
    endpoints: 1,
    addresses: 'shared',
    tls: (_, index) => `tls-${index}`,
    more: (_, index) => {
      const pair = chained[index % PAIRS];
      return pair === undefined ? [] : [tlsSecret(`tls-${index}`, pair)];
    },
  });
}
