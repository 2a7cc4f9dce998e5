// Between the push of another protocol or identity and the compile that it needs: locations of before may not speak
// for the route of now. Nothing goes out in the clear, unverified, or under the identity of before.
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { ingress, type Manifest, tlsSecret, workload } from '../e2e/support/objects.ts';
import { type Backend, startBackend } from '../support/backend.ts';
import { makeAuthority, makeLeaf, type Pair } from '../support/certs.ts';
import { startTlsServer, type TlsServer } from './support/tls-server.ts';
import { FORMS, startUpstreamBed, type UpstreamBed } from './support/upstream-bed.ts';

let plain: Backend;
let secured: TlsServer;
let one: Pair;
let two: Pair;
const open: UpstreamBed[] = [];

beforeAll(async () => {
  const authority = await makeAuthority();
  one = await makeLeaf(authority, { names: ['one'] });
  two = await makeLeaf(authority, { names: ['two'] });
  plain = await startBackend({ name: 'plain' });
  secured = await startTlsServer({ pair: one, clientCa: authority.cert });
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((bed) => bed.close()));
});
afterAll(async () => {
  await plain?.close();
  await secured?.close();
});

const HTTP = {};
const HTTPS = { 'backend-protocol': 'HTTPS' };
const ONE = { ...HTTPS, 'proxy-ssl-secret': 'default/one' };
const TWO = { ...HTTPS, 'proxy-ssl-secret': 'default/two' };
const NAMED = { ...HTTPS, 'proxy-ssl-server-name': 'on' };
const GRPCS = { 'backend-protocol': 'GRPCS' };

for (const form of FORMS) {
  test.each<[string, Readonly<Record<string, string>>, Readonly<Record<string, string>>, boolean]>([
    // The last: is the route of now there before a compile? A named location of the interpreter is; a compiled
    // location of another kind is in the way.
    ['HTTP to an identity', HTTP, ONE, false],
    ['HTTP to HTTPS', HTTP, HTTPS, form === 'interpreted'],
    ['HTTPS to an identity', HTTPS, ONE, false],
    ['one identity to another', ONE, TWO, false],
    ['an identity to none', ONE, HTTPS, form === 'interpreted'],
    ['none to a name', HTTPS, NAMED, false],
    ['HTTPS to GRPCS', HTTPS, GRPCS, form === 'interpreted'],
  ])(`%s, ${form}`, async (_, before, after, served) => {
    const world = (annotations: Readonly<Record<string, string>>): readonly Manifest[] => {
      const to = annotations === HTTP ? plain.endpoint : secured.endpoint;
      return [
        ...workload('web', [to]),
        tlsSecret('one', one),
        tlsSecret('two', two),
        ingress('web', { host: 'web.example', service: 'web', annotations }),
      ];
    };
    const bed = await startUpstreamBed(form, world(before));
    open.push(bed);
    expect((await bed.get('web.example')).status).toBe(200);
    const seen = secured.seen.length;
    const next = await bed.push(world(after));
    expect(next.kind).toBe(form === 'compiled' || !served ? 'push+compile' : next.kind);
    if (next.kind === 'push+compile' && !served) expect(next.compile.when).toBe('now');
    for (let i = 0; i < 4; i++) {
      const { status } = await bed.get('web.example');
      // A server without HTTP/2 cannot answer gRPC; what matters is that it was asked for it.
      if (after === GRPCS) expect(status).toBe(served ? 502 : 503);
      else expect(status).toBe(served ? 200 : 503);
    }
    if (!served) expect(secured.seen).toHaveLength(seen);
    for (const { peer } of secured.seen.slice(seen)) expect(peer).toBe(null);
  });

  test(`another backend of the same protocol goes on through the location of before, ${form}`, async () => {
    const world = (service: string): readonly Manifest[] => [
      ...workload('first', [secured.endpoint]),
      ...workload('second', [secured.endpoint]),
      ingress('web', { host: 'web.example', service, annotations: HTTPS }),
    ];
    const bed = await startUpstreamBed(form, world('first'));
    open.push(bed);
    await bed.push(world('second'));
    for (let i = 0; i < 4; i++) expect((await bed.get('web.example')).status).toBe(200);
  });
}
