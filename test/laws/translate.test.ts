import 'reflect-metadata';
// What holds of translation whatever the objects are.
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Ingress, type KubernetesObject, objectName } from '../../src/model/kubernetes.ts';
import type { Model } from '../../src/model/model.ts';
import { createTranslator } from '../../src/translate/translate.ts';
import { makeAuthority, makeLeaf } from '../support/certs.ts';
import { BASE, LIVE, step, world } from './translate-steps.ts';
import { anyObject, ingresses, OPTIONS } from './translate-world.ts';

const secretData: Record<string, string>[] = [];
beforeAll(async () => {
  const authority = await makeAuthority();
  for (const names of [['a.example'], ['*.example']] as const) {
    const pair = await makeLeaf(authority, { names: [...names] });
    secretData.push({ 'tls.crt': pair.cert, 'tls.key': pair.key });
  }
});

const fresh = (objects: readonly KubernetesObject[]): Model =>
  createTranslator(OPTIONS)(world([...BASE, ...objects]));
/** The order of maps is how they came about; whoever writes them down sorts (see `render-files` for the bytes). */
const flat = (model: Model) =>
  JSON.stringify(model, (_, value: unknown) =>
    value instanceof Map ? { map: [...value].sort(([a], [b]) => (a < b ? -1 : 1)) } : value,
  );

describe('translation', () => {
  test('does not depend on the order of objects', () => {
    const shuffled = fc
      .uniqueArray(anyObject(secretData), {
        selector: (item) => `${item.kind} ${objectName(item.metadata)}`,
        maxLength: 25,
      })
      .chain((objects) =>
        fc.tuple(fc.constant(objects), fc.shuffledSubarray(objects, { minLength: objects.length })),
      );
    fc.assert(
      fc.property(shuffled, ([one, other]) => {
        expect(flat(fresh(other))).toBe(flat(fresh(one)));
      }),
      { numRuns: 300 },
    );
  });

  test('remembers nothing that a fresh translator would not say', () => {
    const change = fc.record({ object: anyObject(secretData), remove: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(anyObject(secretData), { maxLength: 15 }),
        fc.array(change, { maxLength: 20 }),
        (objects, changes) => {
          const translator = createTranslator(OPTIONS);
          let snapshot = world([...BASE, ...objects, ...LIVE]);
          const seen = [snapshot];
          translator(snapshot);
          for (const { object, remove } of changes) {
            // Removals take what is there, by name.
            snapshot = step(snapshot, object, remove);
            seen.push(snapshot);
            const model = translator(snapshot);
            expect(flat(model)).toBe(flat(createTranslator(OPTIONS)(snapshot)));
            expect(translator({ ...snapshot })).toBe(model);
          }
          // And back again in one leap.
          const first = seen[0] ?? snapshot;
          expect(flat(translator(first))).toBe(flat(createTranslator(OPTIONS)(first)));
        },
      ),
      { numRuns: 200 },
    );
  });

  test('keeps every promise of the model', () => {
    fc.assert(
      fc.property(fc.array(anyObject(secretData), { maxLength: 25 }), (objects) => {
        const model = fresh(objects);
        for (const [host, server] of model.servers) {
          expect(server.host).toBe(host);
          expect(host).toMatch(/^(\*|(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?)$/);
          if (server.certificate !== null) expect(model.certificates.has(server.certificate)).toBe(true);
          expect(new Set(server.locations.map((item) => `${item.match} ${item.path}`)).size).toBe(
            server.locations.length,
          );
          for (const { match, path, route } of server.locations) {
            expect(path.startsWith('/')).toBe(true);
            if (match === 'prefix') expect(path.endsWith('/')).toBe(true);
            expect(Buffer.byteLength(route.id)).toBeLessThanOrEqual(200);
            expect(model.backends.has(route.backend)).toBe(true);
            for (const canary of route.canaries) expect(model.backends.has(canary.backend)).toBe(true);
          }
        }
        for (const [id, backend] of model.backends) {
          expect(backend.id).toBe(id);
          for (const endpoint of backend.endpoints) {
            expect(endpoint.address).toMatch(/^[0-9.]+$|^[0-9a-f:.]+$/);
            expect(endpoint.port).toBeGreaterThan(0);
            expect(endpoint.port).toBeLessThan(65_536);
          }
        }
        for (const item of model.diagnostics) {
          expect(Object.values(item).join('')).not.toMatch(/\p{Cc}/u);
          expect(item.message.length).toBeLessThan(1_000);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('lets a broken Ingress harm nobody but itself', () => {
    const meta = (name: string) => ({
      name,
      namespace: 'default',
      creationTimestamp: '',
      annotations: {},
      labels: {},
    });
    const good: readonly KubernetesObject[] = [
      {
        kind: 'Ingress',
        metadata: meta('good'),
        ingressClassName: 'nginx',
        defaultBackend: undefined,
        tls: [{ hosts: ['good.test'], secretName: undefined }],
        rules: [
          {
            host: 'good.test',
            paths: [
              {
                path: '/',
                pathType: 'Prefix',
                backend: { kind: 'service', service: 'good', port: { number: 80 } },
              },
            ],
          },
        ],
      },
      {
        kind: 'Service',
        metadata: meta('good'),
        type: 'ClusterIP',
        clusterIP: undefined,
        externalName: undefined,
        ports: [{ name: '', protocol: 'TCP', port: 80, targetPort: 8080 }],
      },
      {
        kind: 'EndpointSlice',
        metadata: { ...meta('good-1'), labels: { 'kubernetes.io/service-name': 'good' } },
        addressType: 'IPv4',
        ports: [{ name: '', protocol: 'TCP', port: 8080 }],
        endpoints: [
          {
            addresses: ['10.0.0.1'],
            ready: true,
            serving: true,
            terminating: false,
            zone: undefined,
            nodeName: undefined,
            forZones: [],
          },
        ],
      },
    ];
    const alone = fresh(good);
    // A younger one may even want the same host: its paths come after, its failures stay its own.
    const younger = ingresses.map(
      (item): Ingress => ({
        ...item,
        metadata: { ...item.metadata, creationTimestamp: '2026-06-01T00:00:00Z' },
      }),
    );
    fc.assert(
      fc.property(fc.array(younger, { maxLength: 8 }), (others) => {
        const model = fresh([...good, ...others]);
        expect(model.servers.get('good.test')).toEqual(alone.servers.get('good.test'));
        expect(model.backends.get('default/good/80')).toEqual(alone.backends.get('default/good/80'));
        expect(model.settings).toEqual(alone.settings);
        const same = others.map((item) => ({
          ...item,
          tls: [],
          rules: item.rules.map((rule) => ({ ...rule, host: 'good.test' })),
        }));
        const shared = fresh([...good, ...same])
          .servers.get('good.test')
          ?.locations.find((item) => item.route.object === 'Ingress/default/good');
        expect({ ...shared?.route, canaries: [] }).toEqual(
          alone.servers.get('good.test')?.locations[0]?.route,
        );
      }),
      { numRuns: 200 },
    );
  });
});
