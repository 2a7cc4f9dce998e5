// Another --documents-size: nginx makes that zone anew at the reload, so what was in it has to come from disk.
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { ensureNginx } from '../../openresty/install-nginx.ts';
import { createCompiler } from '../../src/nginx/files/compile.ts';
import { startBackend, type Backend as Upstream } from '../support/backend.ts';
import { makeAuthority, makeLeaf } from '../support/certs.ts';
import { request } from '../support/http-client.ts';
import { freePorts } from '../support/ports.ts';
import { makeBackend, makeModel, makeServer, SETTINGS } from '../unit/render/sample-model.ts';
import { type RenderedNginx, startRendered } from './support/rendered-nginx.ts';

const MIB = 1 << 20;
const HOSTS = 1500;
let upstream: Upstream;
let nginx: RenderedNginx;
let port: number;

beforeEach(async () => {
  upstream = await startBackend({ name: 'one' });
  const [http = 0, https = 0] = await freePorts(2);
  port = http;
  const servers = Array.from({ length: HOSTS }, (_, index) => makeServer(`h${index}.example`));
  const backends = new Map([
    [
      'default/shop/80',
      {
        ...makeBackend('default/shop/80'),
        endpoints: [{ address: '127.0.0.1', port: upstream.port, weight: 1, draining: false }],
      },
    ],
  ]);
  const settings = { ...SETTINGS, httpPort: http, httpsPort: https, ipv6: false };
  nginx = await startRendered(makeModel(servers, { settings, backends }), {
    compile: new Set(['h1.example']),
    defaultPair: await makeLeaf(await makeAuthority(), { names: ['d.example'] }),
  });
});
afterEach(async () => {
  await nginx?.close();
  await upstream.close();
});

async function compiler() {
  const { binary, env } = await ensureNginx();
  const signal = new AbortController().signal;
  const onProven = async () => ({ outcome: 'saved' }) as const;
  const log = pino({ level: 'silent' });
  return createCompiler({ binary, env, signal, onProven, log, prefix: nginx.prefix });
}

async function expectServed(): Promise<void> {
  for (const host of ['h1.example', 'h2.example', `h${HOSTS - 1}.example`]) {
    expect((await request({ port, host })).status).toBe(200);
  }
}

test('a reload with another size serves what is on disk', async () => {
  await expectServed();
  for (const size of [16 * MIB, 16 * MIB + 4096, 12 * MIB]) {
    const { files } = nginx.withDocumentsSize(size);
    expect(await (await compiler()).compile(files)).toMatchObject({ outcome: 'proven' });
    await expectServed();
  }
}, 60_000);

test('a size that is too small for what is on disk is refused, and what was in force stays', async () => {
  const { files } = nginx.withDocumentsSize(MIB);
  expect(await (await compiler()).compile(files)).toMatchObject({
    outcome: 'not-live',
    switched: false,
    message: expect.stringContaining('bytes'),
  });
  await expectServed();
}, 60_000);
