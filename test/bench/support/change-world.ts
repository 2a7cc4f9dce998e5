// What the benches of the change path change: the endpoints of one service of many, back and forth between two
// backends that say which they are. The documents are those of the real pipeline, and so is what is sent.
import { encodeBatch, type Version } from '../../../src/model/batch.ts';
import type { Document, DocumentKey } from '../../../src/model/document.ts';
import { LAYOUT } from '../../../src/model/runtime.ts';
import { createConfigClient } from '../../../src/nginx/publish/config-client.ts';
import { md5 } from '../../../src/nginx/state/document-store.ts';
import { stateDigest } from '../../../src/plan/state-digest.ts';
import { createDocuments } from '../../../src/render/documents.ts';
import { freePorts } from '../../support/ports.ts';
import { activeWorkers } from '../../support/processes.ts';
import type { BenchContext } from './bench.ts';
import { FULL_PUSH, type FullPushPeer, fullPushBody, startFullPush } from './full-push-peer.ts';
import { modelOf, startOurs } from './our-nginx.ts';
import { type RunningNginx, startPlain } from './plain-nginx.ts';
import { hostOf, nameOfSize, services } from './services.ts';

/** As the peer is told of it. */
export type Service = {
  readonly host: string;
  readonly endpoints: readonly { readonly address: string; readonly port: number }[];
};

/** A design under test: something that can be changed, and workers that can be asked. */
export type Changeable = {
  readonly name: 'ours' | typeof FULL_PUSH;
  readonly port: number;
  readonly workers: readonly number[];
  /** Turns the service to the other backend. Settles when the change is acknowledged; the name of that backend. */
  readonly change: () => { readonly bytes: number; readonly expected: string; readonly done: Promise<void> };
};

export type ChangeWorld = {
  /** Of the service that changes. */
  readonly host: string;
  readonly subjects: readonly Changeable[];
  readonly close: () => Promise<void>;
};

const ENDPOINTS = 10;
const WORKERS = 2;
const COMPILED = 1000;

/** One world after the other, each of a size, with both designs set up. */
export async function eachChangeWorld(
  context: BenchContext,
  sizes: readonly number[],
  measure: (world: ChangeWorld, name: string) => Promise<void>,
): Promise<void> {
  for (const size of sizes) {
    const name = nameOfSize(size);
    if (!context.wants(name)) continue;
    context.say(`${name}: starting`);
    const world = await startChangeWorld(size);
    try {
      await measure(world, name);
    } finally {
      await world.close();
    }
  }
}

async function startChangeWorld(count: number): Promise<ChangeWorld> {
  const closing: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const end of closing.splice(0).reverse()) await end();
  };
  try {
    const backends = await startBackends();
    closing.push(backends.close);
    const changing = Math.floor(count / 2);
    const endpointOf = (side: 0 | 1) => (index: number) => {
      const isChanging = Math.floor(index / ENDPOINTS) === changing;
      return `127.0.0.${1 + (index % ENDPOINTS)}:${backends.ports[isChanging ? side : 0]}`;
    };
    const objectsOf = (side: 0 | 1) =>
      services(
        { endpoint: endpointOf(side) },
        { services: count, endpoints: ENDPOINTS, addresses: 'distinct' },
      );
    const settings = { 'keep-alive-requests': '100000000' };
    const ours = await startOurs(objectsOf(0), { compile: COMPILED, workers: WORKERS, settings });
    closing.push(ours.close);
    const other = createDocuments()(await modelOf(objectsOf(1), ours));
    const own = await changeableOurs(ours, [
      ours.rendered.documents,
      onlyBackends(ours.rendered.documents, other),
    ]);

    const texts = ([0, 1] as const).map((side) =>
      fullPushBody(
        Array.from({ length: count }, (_, index) => ({
          host: hostOf(index),
          endpoints: Array.from({ length: ENDPOINTS }, (_, i) =>
            split(endpointOf(side)(index * ENDPOINTS + i)),
          ),
        })),
      ),
    );
    const peer = await startFullPush(texts[0] ?? '', WORKERS);
    closing.push(peer.close);
    return { host: hostOf(changing), subjects: [own, await changeablePeer(peer, texts)], close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Documents = ReadonlyMap<DocumentKey, Document>;

/** The world after the change: what else differs comes from where it was rendered, not from the change. */
function onlyBackends(before: Documents, after: Documents): Documents {
  return new Map(
    [...before].map(([key, document]) => [
      key,
      document.kind === 'backend' ? (after.get(key) ?? document) : document,
    ]),
  );
}

function difference(before: Documents, after: Documents): readonly Document[] {
  return [...after]
    .filter(([key, document]) => before.get(key)?.digest !== document.digest)
    .map(([, document]) => document);
}

async function changeableOurs(
  ours: RunningNginx & { readonly port: number },
  sides: readonly [Documents, Documents],
): Promise<Changeable> {
  const client = createConfigClient({
    socketPath: `${ours.prefix}/${LAYOUT.controlSocket}`,
    signal: new AbortController().signal,
  });
  const states = sides.map((side) => stateDigest(side.values()));
  const changes = [difference(sides[1], sides[0]), difference(sides[0], sides[1])];
  const [put = []] = changes;
  if (put.length !== 1 || put[0]?.kind !== 'backend') {
    throw new Error(`the change is not one backend: ${JSON.stringify(put.map(({ id }) => id))}`);
  }
  let version: Version = { epoch: 1, generation: 1 };
  let side = 0;
  return {
    name: 'ours',
    port: ours.port,
    workers: await activeWorkers(ours.master),
    change() {
      side = 1 - side;
      const base = version;
      version = { ...base, generation: base.generation + 1 };
      const put = changes[side] ?? [];
      const text = encodeBatch(
        { type: 'delta', version, base, state: states[side] ?? '', put, remove: [] },
        md5,
      );
      const done = client.postBatch(text).then((answer) => {
        if (answer.outcome !== 'ok' || !answer.applied) throw new Error(`/config: ${JSON.stringify(answer)}`);
      });
      return { bytes: Buffer.byteLength(text), expected: NAMES[side] ?? '', done };
    },
  };
}

async function changeablePeer(peer: FullPushPeer, texts: readonly string[]): Promise<Changeable> {
  let side = 0;
  return {
    name: FULL_PUSH,
    port: peer.port,
    workers: await activeWorkers(peer.master),
    change() {
      side = 1 - side;
      const text = texts[side] ?? '';
      return { bytes: Buffer.byteLength(text), expected: NAMES[side] ?? '', done: peer.post(text) };
    },
  };
}

const NAMES = ['first', 'other'];

async function startBackends(): Promise<{
  readonly ports: readonly number[];
  readonly close: () => Promise<void>;
}> {
  const ports = await freePorts(2);
  const nginx = await startPlain(
    (prefix) => `
worker_processes 1;
pid ${prefix}/run/nginx.pid;
error_log ${prefix}/logs/error.log;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 100000000;
  client_body_temp_path ${prefix}/tmp/body; proxy_temp_path ${prefix}/tmp/proxy;
  fastcgi_temp_path ${prefix}/tmp/fastcgi; uwsgi_temp_path ${prefix}/tmp/uwsgi; scgi_temp_path ${prefix}/tmp/scgi;
${ports.map((port, i) => `  server { listen 0.0.0.0:${port}; location / { return 200 "${NAMES[i]}"; } }`).join('\n')}
}
`,
  );
  return { ports, close: nginx.close };
}

function split(endpoint: string): Service['endpoints'][number] {
  const [address = '', port = ''] = endpoint.split(':');
  return { address, port: Number(port) };
}
