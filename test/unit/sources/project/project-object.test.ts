import { describe, expect, test } from '@jest/globals';
import { expandList } from '../../../../src/sources/project/expand-list.ts';
import { projectObject } from '../../../../src/sources/project/project-object.ts';
import { change, INGRESS, secret } from './foreign.ts';

describe('what is taken', () => {
  test('an Ingress, slim, with every list present', () => {
    expect(projectObject(INGRESS)).toEqual({
      reference: 'Ingress/default/shop',
      object: {
        kind: 'Ingress',
        metadata: {
          name: 'shop',
          namespace: 'default',
          creationTimestamp: '',
          annotations: { a: 'b' },
          labels: {},
        },
        ingressClassName: undefined,
        defaultBackend: undefined,
        tls: [],
        rules: [
          {
            host: 'shop.example',
            paths: [
              {
                path: '/',
                pathType: 'Prefix',
                backend: { kind: 'service', service: 'web', port: { number: 80 } },
              },
            ],
          },
        ],
      },
    });
  });

  test('null is absent', () => {
    const raw = change(INGRESS, (object) => {
      object.metadata.annotations = null;
      object.spec.tls = null;
      object.spec.rules[0].http.paths[0].backend.service.port = { name: null, number: 80 };
    });
    expect(projectObject(raw)).toMatchObject({ object: { tls: [], metadata: { annotations: {} } } });
  });

  test('conditions of endpoints as the API defines their absence', () => {
    const slice = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'web-1', namespace: 'shop' },
      addressType: 'IPv4',
      ports: [{ port: 8080 }, { name: 'all', port: null }],
      endpoints: [
        { addresses: ['10.0.0.1'], hints: { forZones: [{ name: 'a' }, { name: 'b' }] } },
        { addresses: ['10.0.0.2'], conditions: { ready: false, serving: true, terminating: true } },
        { addresses: ['10.0.0.3'], conditions: { ready: false }, hints: { forNodes: [{ name: 'n' }] } },
        { addresses: ['10.0.0.4'], hints: null },
      ],
    };
    expect(projectObject(slice)).toMatchObject({
      object: {
        ports: [
          { name: '', protocol: 'TCP', port: 8080 },
          { name: 'all', port: undefined },
        ],
        endpoints: [
          { ready: true, serving: true, terminating: false, forZones: ['a', 'b'] },
          { ready: false, serving: true, terminating: true },
          { ready: false, serving: false, terminating: false, forZones: [] },
          { ready: true, forZones: [] },
        ],
      },
    });
  });

  test('a Secret is decoded, stringData wins, and its line breaks do not matter', () => {
    const raw = secret({ data: { a: 'aGVs\nbG8=\n', b: 'eA==' }, stringData: { b: 'plain' } });
    expect(projectObject(raw)).toMatchObject({
      object: { type: 'Opaque', data: { a: 'hello', b: 'plain' } },
    });
  });

  test('an IngressClass has no namespace, whatever it says', () => {
    const raw = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name: 'nginx', namespace: 'x' },
      spec: { controller: 'k8s.io/ingress-nginx' },
    };
    expect(projectObject(raw)).toMatchObject({
      reference: 'IngressClass/nginx',
      object: { metadata: { namespace: '' } },
    });
  });

  test('times are brought to one spelling', () => {
    const raw = change(INGRESS, (object) => {
      object.metadata.creationTimestamp = '2026-01-01T02:00:00.5+02:00';
    });
    expect(projectObject(raw)).toMatchObject({
      object: { metadata: { creationTimestamp: '2026-01-01T00:00:00Z' } },
    });
  });

  test.each([
    ['apps/v1', 'Deployment'],
    ['serving.knative.dev/v1', 'Service'],
    ['v1', '__proto__'],
    ['v1', 'constructor'],
  ])('%s %s is ignored', (apiVersion, kind) => {
    expect(projectObject({ apiVersion, kind, metadata: {} })).toEqual({ ignored: true });
  });
});

test('keys of the prototype are harmless', () => {
  const raw: unknown = JSON.parse(
    `{"apiVersion":"v1","kind":"ConfigMap","__proto__":{"polluted":"yes"},"metadata":{"name":"c","annotations":
     {"__proto__":"x","constructor":"y"}},"data":{"__proto__":"x","toString":"z"}}`,
  );
  const projected = projectObject(raw);
  if (!('object' in projected) || projected.object.kind !== 'ConfigMap') throw new Error('not taken');
  const { metadata, data } = projected.object;
  expect(Reflect.get(metadata.annotations, 'constructor')).toBe('y');
  expect(Reflect.get(metadata.annotations, 'hasOwnProperty')).toBeUndefined();
  expect(Reflect.get(data, 'toString')).toBe('z');
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

test('lists are taken apart, lists in lists too', () => {
  const list = {
    apiVersion: 'v1',
    kind: 'List',
    items: [INGRESS, { kind: 'ServiceList', apiVersion: 'v1', items: [{ metadata: {} }] }],
  };
  expect(expandList(list)).toEqual([INGRESS, { apiVersion: 'v1', kind: 'Service', metadata: {} }]);
  const allowList = { apiVersion: 'x.io/v1', kind: 'AllowList', items: [1] };
  expect(expandList(allowList)).toEqual([allowList]);
});

test('a path without a pathType is implementation-specific, as ingress-nginx reads it', () => {
  const projected = projectObject({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'bare' },
    spec: {
      rules: [{ http: { paths: [{ path: '/', backend: { service: { name: 'a', port: { number: 1 } } } }] } }],
    },
  });
  expect(projected).toMatchObject({
    object: { rules: [{ paths: [{ pathType: 'ImplementationSpecific' }] }] },
  });
});
