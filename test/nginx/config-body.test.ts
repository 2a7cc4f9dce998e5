// Batches hold private keys, and must get through wherever nginx may not write: none of them touches the disk.
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { encodeBatch } from '../../src/model/batch.ts';
import { LAYOUT } from '../../src/model/runtime.ts';
import { inOrder, md5 } from '../../src/nginx/state/document-store.ts';
import { stateDigest } from '../../src/plan/state-digest.ts';
import { makeAuthority, makeLeaf } from '../support/certs.ts';
import { request } from '../support/http-client.ts';
import { freePorts } from '../support/ports.ts';
import { makeModel, makeServer, SETTINGS } from '../unit/render/sample-model.ts';
import { type RenderedNginx, startRendered } from './support/rendered-nginx.ts';

let nginx: RenderedNginx;

beforeEach(async () => {
  const [http = 0, https = 0] = await freePorts(2);
  const settings = { ...SETTINGS, httpPort: http, httpsPort: https, ipv6: false };
  const servers = Array.from({ length: 300 }, (_, index) => makeServer(`h${index}.example`));
  nginx = await startRendered(makeModel(servers, { settings }), {
    compile: new Set(),
    defaultPair: await makeLeaf(await makeAuthority(), { names: ['d.example'] }),
  });
});
afterEach(() => nginx?.close());

test('a big batch is taken although nginx may not write temporary files', async () => {
  await chmod(join(nginx.prefix, LAYOUT.temp, 'client-body'), 0);
  const { documents } = nginx.rendered;
  const body = encodeBatch(
    {
      type: 'full',
      version: { epoch: 1, generation: 2 },
      base: null,
      state: stateDigest(documents.values()),
      put: inOrder(documents),
      remove: [],
    },
    md5,
  );
  expect(Buffer.byteLength(body)).toBeGreaterThan(100_000);
  const socketPath = join(nginx.prefix, LAYOUT.controlSocket);
  const answer = await request({ port: 0, socketPath, target: '/config', method: 'POST', body });
  expect({ status: answer.status, body: answer.body }).toMatchObject({
    status: 200,
    body: expect.stringContaining('"generation":2'),
  });
});
