// One model, two matchers, one answer: the same documents behind an nginx with every host compiled and behind one
// with none, asked the same odd questions. Whatever differs is a bug of one of the two. Hosts whose paths are regular
// expressions are never compiled: for them the first nginx has servers that the test has written.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect, isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Model } from '../../src/model/model.ts';
import type { Rendered } from '../../src/model/rendered.ts';
import { chooseCompiled } from '../../src/render/compilable.ts';
import { readFiles } from '../../src/sources/files/read-files.ts';
import { DEFAULT_TRANSLATE_OPTIONS } from '../../src/translate/options.ts';
import { createTranslator } from '../../src/translate/translate.ts';
import { configMap, type Manifest, toYaml } from '../e2e/support/objects.ts';
import { type Backend, type Seen, startBackend } from '../support/backend.ts';
import { makeAuthority, makeLeaf, type Pair } from '../support/certs.ts';
import { request } from '../support/http-client.ts';
import { freePorts } from '../support/ports.ts';
import { BACKENDS, differentialWorld, VOCABULARY } from './support/differential-world.ts';
import { type OddRequest, oddRequest } from './support/odd-requests.ts';
import { regexServers } from './support/regex-oracle.ts';
import { type RenderedNginx, startRendered } from './support/rendered-nginx.ts';

const SEED = Number(process.env.DIFFERENTIAL_SEED ?? 20_261_122);
const RUNS = Number(process.env.DIFFERENTIAL_RUNS ?? 3000);
const LANES = 8;
const INSPECTED = { depth: 6, maxStringLength: 300, breakLength: 120 };
/** Both gateways think that these are their ports, which redirects and headers may name. */
type Ports = { readonly http: number; readonly https: number };
type Side = { readonly ports: Ports; readonly nginx: RenderedNginx };

const closing: (() => Promise<void>)[] = [];
let compiled: Side;
let interpreted: Side;

beforeAll(async () => {
  const backends: Backend[] = [];
  for (const [i, name] of BACKENDS.entries())
    backends.push(await startBackend({ name, address: `127.0.0.${i + 2}` }));
  closing.push(...backends.map(({ close }) => close));
  const authority = await makeAuthority();
  const pairOf = (name: string) => makeLeaf(authority, { names: [name] });
  const world = await differentialWorld(backends, pairOf);
  const defaultPair = await pairOf('default.invalid');
  [compiled, interpreted] = await Promise.all([
    startSide(world, defaultPair, true),
    startSide(world, defaultPair, false),
  ]);
}, 60_000);

afterAll(async () => {
  await Promise.all(closing.map((close) => close()));
}, 60_000);

test('one side has servers for its hosts, the other has none', () => {
  expect(compiled.nginx.rendered.files.compiled.size).toBeGreaterThan(6);
  expect(interpreted.nginx.rendered.files.compiled.size).toBe(0);
  const ids = (side: Side) => [...side.nginx.rendered.documents.keys()].sort();
  expect(ids(compiled)).toEqual(ids(interpreted));
});

test(
  `the same answers to ${RUNS} odd requests`,
  async () => {
    process.stdout.write(`differential: seed ${SEED}, ${RUNS} requests\n`);
    const statuses: Record<string, number> = {};
    let differences = 0;
    const compare = async (odd: OddRequest) => {
      const [ofCompiled, ofInterpreted] = await Promise.all([ask(compiled, odd), ask(interpreted, odd)]);
      statuses[ofCompiled.status] = (statuses[ofCompiled.status] ?? 0) + 1;
      if (isDeepStrictEqual(ofCompiled, ofInterpreted) || ++differences > 3) return;
      process.stdout.write(`differential: ${inspect({ odd, ofCompiled, ofInterpreted }, INSPECTED)}\n`);
    };
    // So many at a time that connections, above all those with TLS, need not wait for each other.
    const requests = fc.sample(oddRequest(VOCABULARY), { seed: SEED, numRuns: RUNS })[Symbol.iterator]();
    const lane = async () => {
      for (let next = requests.next(); next.done !== true; next = requests.next()) await compare(next.value);
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    process.stdout.write(`differential: answers by status ${JSON.stringify(statuses)}\n`);
    expect(differences).toBe(0);
    // Questions that all get 400 would prove nothing.
    for (const status of ['200', '301', '302', '308', '400', '404', '413', '503'])
      expect(statuses[status]).toBeGreaterThan(5);
  },
  180_000 + 10 * RUNS,
);

async function startSide(world: readonly Manifest[], defaultPair: Pair, all: boolean): Promise<Side> {
  const [http = 0, https = 0] = await freePorts(2);
  const model = await translate(world, { http, https });
  const compile = chooseCompiled(model, all ? 1000 : 0, new Set());
  const servers = (rendered: Rendered, prefix: string) => regexServers(rendered, { prefix, http, https });
  const nginx = await startRendered(model, { compile, defaultPair, ...(all ? { servers } : {}) });
  closing.push(nginx.close);
  return { ports: { http, https }, nginx };
}

async function translate(world: readonly Manifest[], { http, https }: Ports): Promise<Model> {
  const folder = await mkdtemp(join(tmpdir(), 'differential-'));
  try {
    const settings = configMap('settings', { 'bind-address': '127.0.0.1', 'worker-processes': '1' });
    await writeFile(join(folder, 'world.yaml'), toYaml([...world, settings]));
    const options = {
      ...DEFAULT_TRANSLATE_OPTIONS,
      configmap: 'default/settings',
      httpPort: http,
      httpsPort: https,
    };
    return createTranslator(options)(await readFiles([folder]));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** All of an answer that has to be the same. */
async function ask({ ports }: Side, { tls, servername, request: asked }: OddRequest) {
  const answer = await request({
    ...asked,
    port: tls ? ports.https : ports.http,
    ...(tls ? { tls: { servername: asServername(servername) } } : {}),
  }).catch((error: Error) => ({
    status: 0,
    headers: {} as Record<string, string>,
    body: error.message,
    certificate: null,
  }));
  const { status, headers } = answer;
  const backend = headers['x-backend'] ?? null;
  return {
    status,
    backend,
    location: headers.location ?? null,
    hsts: headers['strict-transport-security'] ?? null,
    certificate: answer.certificate?.fingerprint256 ?? null,
    seen: backend === null ? null : whatItSaw(answer.body),
  };
}

/**
 * What the backend was sent, without what differs by nature: ids, the port of the gateway asked, and how a chunked
 * body goes on (with its length, if it was there as a whole by the time it was passed on).
 */
function whatItSaw(body: string): unknown {
  const { url, method, bodyLength, headers } = JSON.parse(body) as Seen;
  return { url, method, bodyLength, headers: { ...headers, ...UNKNOWABLE } };
}

const UNKNOWABLE = {
  'x-request-id': '',
  'x-forwarded-port': '',
  'content-length': '',
  'transfer-encoding': '',
};

/** What cannot be a name in SNI is not sent. */
function asServername(text: string): string {
  return /^[A-Za-z0-9_.-]{1,250}$/.test(text) && !/^[\d.]+$/.test(text) ? text : '';
}
