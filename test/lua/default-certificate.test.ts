// Servers that name no certificate file (as compiled ones do): Lua shows what documents say, else the default
// certificate of the files, which it read in the master.

import { afterEach, expect, test } from '@jest/globals';
import { makeAuthority, makeLeaf } from '../support/certs.ts';
import { request } from '../support/http-client.ts';
import { freePort } from '../support/ports.ts';
import { at, certificate, full, host, settings } from './support/documents.ts';
import { type Gateway, startGateway } from './support/gateway.ts';

let gateway: Gateway;
afterEach(() => gateway?.close());

test('the certificate of the documents, else the default one of the settings, else that of the files', async () => {
  const authority = await makeAuthority();
  const leafOf = (name: string) => makeLeaf(authority, { names: [name] });
  const [own, chosen, onDisk] = [
    await leafOf('own.test'),
    await leafOf('chosen.test'),
    await leafOf('disk.test'),
  ];
  const port = await freePort();
  gateway = await startGateway({
    files: { 'state/tls/default.crt': onDisk.cert, 'state/tls/default.key': onDisk.key },
    servers: `
      map $https $from_lua { default ""; }
      server {
        listen 127.0.0.1:${port} ssl;
        server_name compiled.test;
        ssl_certificate $from_lua;
        ssl_certificate_key $from_lua;
        ssl_certificate_by_lua_block { ingress.certificate() }
        location / { return 200; }
      }`,
  });
  const shown = async () => {
    const { certificate: seen } = await request({
      port,
      host: 'compiled.test',
      tls: { servername: 'compiled.test' },
    });
    return seen?.subject.CN;
  };
  expect(await shown()).toBe('disk.test');
  const documents = [
    settings({ defaultCertificate: 'ns/chosen' }),
    certificate('ns/chosen', { chain: chosen.cert, key: chosen.key }),
    certificate('ns/own', { chain: own.cert, key: own.key }),
    host('compiled.test', {}, 'ns/own'),
  ];
  await gateway.post(full(at(1, 1), documents));
  expect(await shown()).toBe('own.test');
  await gateway.post(full(at(1, 2), documents.slice(0, 2)));
  expect(await shown()).toBe('chosen.test');
  await gateway.post(full(at(1, 3), [settings()]));
  expect(await shown()).toBe('disk.test');
});
