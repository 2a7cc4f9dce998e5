// How endpoints are picked, as a user says it in annotations: the same compiled and interpreted, and while it changes.
import { expect } from '@jest/globals';
import type { BackendReport } from '../../src/serve/backend-report.ts';
import { request } from '../support/http-client.ts';
import { startLoad } from '../support/load.ts';
import { FORMS } from './support/forms.ts';
import type { Gateway } from './support/gateway.ts';
import { ingress, service, workload } from './support/objects.ts';
import { testGateway } from './support/test-gateway.ts';

const HOST = 'shop.example';
const NAMES = ['one', 'two', 'three'];
const BUFFERED = { 'proxy-buffering': 'on' };

for (const { form, flags } of FORMS) {
  testGateway(
    `each algorithm, and the way from one to the other under load, ${form}`,
    {
      backends: NAMES,
      gateway: (backends) => ({
        flags,
        manifests: {
          'workload.yaml': workload(
            'shop',
            backends.map(({ endpoint }) => endpoint),
          ),
          // A profile of its own, which no file has in a measured form before.
          'ingress.yaml': [ingress('shop', { host: HOST, service: 'shop', annotations: BUFFERED })],
        },
      }),
    },
    async ({ gateway }) => {
      const load = startLoad({ port: gateway.httpPort, host: HOST, connections: 8, rate: 300 });
      const annotate = (annotations: Readonly<Record<string, string>>) =>
        gateway.change(() =>
          gateway.put('ingress.yaml', ingress('shop', { host: HOST, service: 'shop', annotations })),
        );
      for (const annotations of [
        { ...BUFFERED, 'load-balance': 'ewma' },
        BUFFERED,
        {},
        { 'load-balance': 'least_conn' },
        { 'load-balance': 'ewma' },
        { 'upstream-max-fails': '3' },
        {},
      ]) {
        await annotate(annotations);
        const names = Object.keys(await shares(gateway, 30)).toSorted();
        // EWMA may keep away for a while from one that once took a few milliseconds longer.
        if ('load-balance' in annotations && annotations['load-balance'] === 'ewma')
          expect(NAMES).toEqual(expect.arrayContaining(names));
        else expect(names).toEqual(NAMES.toSorted());
      }

      await annotate({ 'upstream-hash-by': '$request_uri' });
      const homes = new Map<string, string>();
      for (let round = 0; round < 3; round++)
        for (let i = 0; i < 30; i++) {
          const target = `/page-${i}`;
          const by = await whom(gateway, { target });
          expect(by).toBe(homes.get(target) ?? by);
          homes.set(target, by);
        }
      expect(new Set(homes.values())).toEqual(new Set(NAMES));

      await annotate({
        'upstream-hash-by': '$arg_user',
        'upstream-hash-by-subset': 'true',
        'upstream-hash-by-subset-size': '2',
      });
      const seen = new Set<string>();
      for (let i = 0; i < 40; i++) seen.add(await whom(gateway, { target: '/?user=ann' }));
      expect(seen.size).toBe(2);

      const { failures, ok } = await load.stop();
      expect(failures).toEqual([]);
      expect(ok).toBeGreaterThan(100);
    },
  );

  testGateway(
    `sessions, failover and what all Ingresses have, ${form}`,
    {
      backends: [...NAMES, 'spare'],
      gateway: (backends) => ({
        flags,
        settings: { 'load-balance': 'least_conn', 'upstream-max-fails': '5' },
        manifests: {
          'workload.yaml': workload(
            'shop',
            backends.slice(0, 3).map(({ endpoint }) => endpoint),
          ),
          'spare.yaml': workload('spare', [backends[3]?.endpoint ?? '']),
          'ingress.yaml': [
            ingress('shop', {
              host: HOST,
              service: 'shop',
              annotations: {
                affinity: 'cookie',
                'session-cookie-name': 'sid',
                'failover-service': 'spare:80',
              },
            }),
            ingress('plain', { host: 'plain.example', service: 'shop' }),
          ],
        },
      }),
    },
    async ({ gateway }) => {
      const first = await gateway.get(HOST, { target: '/x' });
      const [cookie = '', ...attributes] = String(first.headers['set-cookie']).split('; ');
      expect(cookie).toMatch(/^sid=[0-9a-f]+\|[0-9a-f]+$/);
      expect(attributes.toSorted()).toEqual(['HttpOnly', 'Path=/']);
      for (let i = 0; i < 20; i++) {
        const again = await gateway.get(HOST, { headers: { cookie } });
        expect(again.headers['x-backend']).toBe(first.headers['x-backend']);
        expect(again.headers['set-cookie']).toBeUndefined();
      }
      const plain = await gateway.get('plain.example');
      expect([plain.status, plain.headers['set-cookie']]).toEqual([200, undefined]);

      await gateway.change(() => gateway.put('workload.yaml', service('shop')));
      expect(await whom(gateway, { headers: { cookie } })).toBe('spare');
      expect((await gateway.get('plain.example')).status).toBe(503);
      expect((await reports(gateway))[0]?.endpoints).toEqual([]);
    },
  );
}

testGateway(
  'hints keep requests in the zone that the gateway is in, and /state says so',
  {
    backends: ['here', 'there'],
    gateway: ([here, there]) => ({
      flags: ['--enable-topology-aware-routing', '--topology-zone', 'zone-a'],
      manifests: {
        'workload.yaml': [
          service('shop'),
          ...slicesWithHints([
            [here?.address ?? '', here?.port ?? 0, 'zone-a'],
            [there?.address ?? '', there?.port ?? 0, 'zone-b'],
          ]),
        ],
        'ingress.yaml': [ingress('shop', { host: HOST, service: 'shop' })],
      },
    }),
  },
  async ({ gateway, backends: [, there] }) => {
    expect(await shares(gateway, 12)).toEqual({ here: 12 });
    expect((await reports(gateway))[0]?.endpoints).toContainEqual({
      endpoint: there?.endpoint,
      state: 'other-zone',
      used: false,
      why: 'the hints of its EndpointSlice give it to another zone',
    });
    // One without hints, and none of them count: as kube-proxy decides.
    await gateway.change(() => gateway.put('workload.yaml', ...workload('shop', [there?.endpoint ?? ''])));
    expect(await shares(gateway, 6)).toEqual({ there: 6 });
  },
);

function slicesWithHints(endpoints: readonly (readonly [address: string, port: number, zone: string])[]) {
  return endpoints.map(([address, port, zone]) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `shop-${zone}`,
      namespace: 'default',
      labels: { 'kubernetes.io/service-name': 'shop' },
    },
    addressType: 'IPv4',
    ports: [{ name: 'http', protocol: 'TCP', port }],
    endpoints: [
      { addresses: [address], conditions: { ready: true }, zone, hints: { forZones: [{ name: zone }] } },
    ],
  }));
}

async function whom(gateway: Gateway, more: Parameters<Gateway['get']>[1] = {}): Promise<string> {
  const { status, headers } = await gateway.get(HOST, more);
  expect(status).toBe(200);
  return String(headers['x-backend']);
}

async function shares(gateway: Gateway, requests: number): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (let i = 0; i < requests; i++) {
    const by = await whom(gateway);
    found[by] = (found[by] ?? 0) + 1;
  }
  return found;
}

async function reports(gateway: Gateway): Promise<readonly BackendReport[]> {
  const answer = await request({ port: gateway.adminPort, target: '/state?backend=default/shop' });
  return answer.json<{ readonly backends: readonly BackendReport[] }>().backends;
}
