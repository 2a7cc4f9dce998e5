// The law of upstream TLS: whatever is kept and reused, no request ever arrives with another route's identity. Two
// tenants, one address, two client certificates, and routes with none, with other names, with and without
// verification; all at once, over kept connections.
import { Agent, request as httpRequest } from 'node:http';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { ingress, type Manifest, tlsSecret, workload } from '../e2e/support/objects.ts';
import { type Authority, makeAuthority, makeLeaf, type Pair } from '../support/certs.ts';
import { startTlsServer, type TlsServer } from './support/tls-server.ts';
import { FORMS, startUpstreamBed, type UpstreamBed } from './support/upstream-bed.ts';

const NAME = 'backend.example';
let authority: Authority;
let server: TlsServer;
let one: Pair;
let two: Pair;
const open: UpstreamBed[] = [];

beforeAll(async () => {
  authority = await makeAuthority();
  const pair = await makeLeaf(authority, { names: [NAME, 'web.default.svc', '*.names.example'] });
  one = await makeLeaf(authority, { names: ['tenant-one'] });
  two = await makeLeaf(authority, { names: ['tenant-two'], kind: 'rsa' });
  server = await startTlsServer({ pair, clientCa: authority.cert });
});
afterEach(async () => {
  await Promise.all(
    open.splice(0).map(async (bed) => {
      if (process.env.SHOW) console.log((await bed.errorLog()).slice(0, 1500));
      await bed.close();
    }),
  );
});
afterAll(() => server?.close());

type Case = {
  readonly annotations: Readonly<Record<string, string>>;
  readonly peer: string | null;
  readonly serverName: string | null;
};

const CASES: Readonly<Record<string, Case>> = {
  one: { annotations: { 'proxy-ssl-secret': 'default/one' }, peer: 'tenant-one', serverName: null },
  two: { annotations: { 'proxy-ssl-secret': 'default/two' }, peer: 'tenant-two', serverName: null },
  nobody: { annotations: {}, peer: null, serverName: null },
  'one-named': {
    annotations: {
      'proxy-ssl-secret': 'default/one',
      'proxy-ssl-server-name': 'on',
      'proxy-ssl-name': 'a.names.example',
    },
    peer: 'tenant-one',
    serverName: 'a.names.example',
  },
  'other-name': {
    annotations: { 'proxy-ssl-server-name': 'on', 'proxy-ssl-name': 'b.names.example' },
    peer: null,
    serverName: 'b.names.example',
  },
  'usual-name': {
    annotations: { 'proxy-ssl-server-name': 'on' },
    peer: null,
    serverName: 'web.default.svc',
  },
  verified: {
    annotations: { 'proxy-ssl-secret': 'default/trust', 'proxy-ssl-verify': 'on', 'proxy-ssl-name': NAME },
    peer: null,
    serverName: null,
  },
  'verified-two': {
    annotations: { 'proxy-ssl-secret': 'default/two', 'proxy-ssl-verify': 'on', 'proxy-ssl-name': NAME },
    peer: 'tenant-two',
    serverName: null,
  },
  'old-tls': {
    annotations: { 'proxy-ssl-secret': 'default/one', 'proxy-ssl-protocols': 'TLSv1.2' },
    peer: 'tenant-one',
    serverName: null,
  },
};

for (const form of FORMS) {
  test(`no request arrives with another route's identity, ${form}`, async () => {
    const bed = await start(form);
    const before = server.seen.length;
    const connectionsBefore = server.connections();
    const names = Object.keys(CASES);
    const ROUNDS = 60;
    // Another order in each lane, so that every identity is followed by every other one.
    const lanes = names.map((_, lane) =>
      Array.from({ length: ROUNDS }, (_, i) => names[(i * (lane + 1) + lane) % names.length] ?? ''),
    );
    const agent = new Agent({ keepAlive: true, maxSockets: names.length });
    try {
      await Promise.all(
        lanes.map(async (lane) => {
          for (const name of lane) expect(await statusOf(bed, agent, name)).toBe(200);
        }),
      );
    } finally {
      agent.destroy();
    }
    const seen = server.seen.slice(before);
    expect(seen).toHaveLength(names.length * ROUNDS);
    for (const { host, peer, serverName, protocol } of seen) {
      const name = host.replace('.example', '');
      const meant = { name, peer: CASES[name]?.peer, serverName: CASES[name]?.serverName };
      expect({ name, peer, serverName }).toEqual(meant);
      expect(protocol).toBe(name === 'old-tls' ? 'TLSv1.2' : 'TLSv1.3');
    }
    // It is a law of reuse: without reuse it would hold by itself.
    expect(server.connections() - connectionsBefore).toBeLessThan(seen.length / 3);
  });

  test(`who is not whom the authorities vouch for gets nothing, ${form}`, async () => {
    const stranger = await makeLeaf(await makeAuthority('another'), { names: [NAME] });
    const impostor = await startTlsServer({ pair: stranger });
    try {
      const bed = await start(form, impostor.endpoint);
      for (const name of ['verified', 'verified-two'])
        expect((await bed.get(`${name}.example`)).status).toBe(502);
      expect(impostor.seen).toEqual([]);
      // Whoever does not ask for verification gets through, and opens no way for those who do.
      expect((await bed.get('nobody.example')).status).toBe(200);
      expect((await bed.get('two.example')).status).toBe(200);
      for (const name of ['verified', 'verified-two'])
        expect((await bed.get(`${name}.example`)).status).toBe(502);
    } finally {
      await impostor.close();
    }
  });

  test(`a name that the certificate does not have, ${form}`, async () => {
    const bed = await start(form, server.endpoint, {
      verified: {
        'proxy-ssl-secret': 'default/trust',
        'proxy-ssl-verify': 'on',
        'proxy-ssl-name': 'other.example',
      },
      usual: { 'proxy-ssl-secret': 'default/trust', 'proxy-ssl-verify': 'on' },
    });
    expect((await bed.get('verified.example')).status).toBe(502);
    expect((await bed.get('usual.example')).status).toBe(200);
  });

  test(`what is asked for and cannot be had is answered with 503, ${form}`, async () => {
    const before = server.seen.length;
    const bed = await start(form, server.endpoint, {
      missing: { 'proxy-ssl-secret': 'default/missing' },
      foreign: { 'proxy-ssl-secret': 'other/one' },
      unverifiable: { 'proxy-ssl-secret': 'default/one', 'proxy-ssl-verify': 'on' },
    });
    for (const name of ['missing', 'foreign', 'unverifiable'])
      expect((await bed.get(`${name}.example`)).status).toBe(503);
    expect(server.seen).toHaveLength(before);
  });
}

test('no key is written anywhere: not into files, not into a log of level debug', async () => {
  for (const form of FORMS) {
    const bed = await start(form, server.endpoint, undefined, { 'error-log-level': 'debug' });
    for (const name of Object.keys(CASES)) expect((await bed.get(`${name}.example`)).status).toBe(200);
    const log = await bed.errorLog();
    expect(log).toContain('[debug]');
    for (const { key } of [one, two]) expect(log).not.toContain(key.split('\n')[1]);
    expect(log).not.toContain('PRIVATE KEY');
  }
});

async function start(
  form: (typeof FORMS)[number],
  endpoint = server.endpoint,
  routes: Readonly<Record<string, Readonly<Record<string, string>>>> = Object.fromEntries(
    Object.entries(CASES).map(([name, { annotations }]) => [name, annotations]),
  ),
  settings: Readonly<Record<string, string>> = {},
): Promise<UpstreamBed> {
  const objects: Manifest[] = [
    ...workload('web', [endpoint]),
    secretOf('one', one),
    secretOf('two', two, authority.cert),
    secretOf('trust', null, authority.cert),
    ...Object.entries(routes).map(([name, annotations]) =>
      ingress(name, {
        host: `${name}.example`,
        service: 'web',
        annotations: { 'backend-protocol': 'HTTPS', ...annotations },
      }),
    ),
  ];
  const bed = await startUpstreamBed(form, objects, settings);
  open.push(bed);
  return bed;
}

function secretOf(name: string, pair: Pair | null, ca?: string): Manifest {
  const base = tlsSecret(name, pair ?? { cert: '', key: '' });
  const data = {
    ...(pair === null ? {} : (base.data as object)),
    ...(ca === undefined ? {} : { 'ca.crt': Buffer.from(ca).toString('base64') }),
  };
  return { ...base, type: 'Opaque', data };
}

function statusOf(bed: UpstreamBed, agent: Agent, name: string): Promise<number> {
  return new Promise((done, fail) => {
    httpRequest(
      { host: '127.0.0.1', port: bed.httpPort, agent, headers: { host: `${name}.example` } },
      (response) => {
        response.resume().on('end', () => done(response.statusCode ?? 0));
      },
    )
      .on('error', fail)
      .end();
  });
}
