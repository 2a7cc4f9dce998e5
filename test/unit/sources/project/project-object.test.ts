import { describe, expect, test } from '@jest/globals';
import type { Diagnostic } from '../../../../src/model/diagnostic.ts';
import { expandList } from '../../../../src/sources/project/expand-list.ts';
import { projectObject } from '../../../../src/sources/project/project-object.ts';

const INGRESS = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: 'shop', annotations: { a: 'b' } },
  spec: {
    rules: [
      {
        host: 'shop.example',
        http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } }] },
      },
    ],
  },
};

describe('what is taken', () => {
  test('an Ingress, slim, with every list present', () => {
    expect(projectObject(INGRESS)).toEqual({
      reference: 'Ingress/default/shop',
      object: {
        kind: 'Ingress',
        metadata: { name: 'shop', namespace: 'default', creationTimestamp: '', annotations: { a: 'b' }, labels: {} },
        ingressClassName: undefined,
        defaultBackend: undefined,
        tls: [],
        rules: [
          {
            host: 'shop.example',
            paths: [
              { path: '/', pathType: 'Prefix', backend: { kind: 'service', service: 'web', port: { number: 80 } } },
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
        { addresses: ['10.0.0.1'] },
        { addresses: ['10.0.0.2'], conditions: { ready: false, serving: true, terminating: true } },
        { addresses: ['10.0.0.3'], conditions: { ready: false } },
      ],
    };
    expect(projectObject(slice)).toMatchObject({
      object: {
        ports: [
          { name: '', protocol: 'TCP', port: 8080 },
          { name: 'all', port: undefined },
        ],
        endpoints: [
          { ready: true, serving: true, terminating: false },
          { ready: false, serving: true, terminating: true },
          { ready: false, serving: false, terminating: false },
        ],
      },
    });
  });

  test('a Secret is decoded, stringData wins, and its line breaks do not matter', () => {
    const raw = secret({ data: { a: 'aGVs\nbG8=\n', b: 'eA==' }, stringData: { b: 'plain' } });
    expect(projectObject(raw)).toMatchObject({ object: { type: 'Opaque', data: { a: 'hello', b: 'plain' } } });
  });

  test('an IngressClass has no namespace, whatever it says', () => {
    const raw = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name: 'nginx', namespace: 'x' },
      spec: { controller: 'k8s.io/ingress-nginx' },
    };
    expect(projectObject(raw)).toMatchObject({ reference: 'IngressClass/nginx', object: { metadata: { namespace: '' } } });
  });

  test('times are brought to one spelling', () => {
    const raw = change(INGRESS, (object) => {
      object.metadata.creationTimestamp = '2026-01-01T02:00:00.5+02:00';
    });
    expect(projectObject(raw)).toMatchObject({ object: { metadata: { creationTimestamp: '2026-01-01T00:00:00Z' } } });
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

describe('what is refused, with the field', () => {
  test.each<[string, (object: any) => void, string, RegExp]>([ // biome-ignore lint/suspicious/noExplicitAny: foreign JSON
    ['a host that is a number', (o) => { o.spec.rules[0].host = 12; }, 'spec.rules[0].host', /text.*a number/],
    ['an annotation that is true', (o) => { o.metadata.annotations['x.io/y'] = true; }, 'metadata.annotations["x.io/y"]', /truth value/],
    ['an annotation that is null', (o) => { o.metadata.annotations.a = null; }, 'metadata.annotations.a', /missing/],
    ['no pathType', (o) => { delete o.spec.rules[0].http.paths[0].pathType; }, 'spec.rules[0].http.paths[0].pathType', /missing/],
    ['an unknown pathType', (o) => { o.spec.rules[0].http.paths[0].pathType = 'Re"gex'; }, 'spec.rules[0].http.paths[0].pathType', /"Re\\"gex".*Exact/],
    ['no backend', (o) => { delete o.spec.rules[0].http.paths[0].backend; }, 'spec.rules[0].http.paths[0].backend', /missing/],
    ['no port', (o) => { delete o.spec.rules[0].http.paths[0].backend.service.port; }, 'spec.rules[0].http.paths[0].backend.service.port', /missing/],
    ['an empty port', (o) => { o.spec.rules[0].http.paths[0].backend.service.port = {}; }, 'spec.rules[0].http.paths[0].backend.service.port', /exactly one/],
    ['two ports', (o) => { o.spec.rules[0].http.paths[0].backend.service.port.name = 'http'; }, 'spec.rules[0].http.paths[0].backend.service.port', /exactly one/],
    ['a v1beta1 backend', (o) => { o.spec.defaultBackend = { serviceName: 'a', servicePort: 1 }; }, 'spec.defaultBackend', /exactly one of service/],
    ['no spec', (o) => { delete o.spec; }, 'spec', /missing/],
    ['rules that are a mapping', (o) => { o.spec.rules = {}; }, 'spec.rules', /a list, but is a mapping/],
    ['a time that is none', (o) => { o.metadata.creationTimestamp = 'yesterday'; }, 'metadata.creationTimestamp', /time/],
  ])('%s', (_title, spoil, field, message) => { // prettier-ignore
    const [first, ...rest] = diagnosticsOf(projectObject(change(INGRESS, spoil)));
    expect(rest).toEqual([]);
    expect(first).toMatchObject({ object: 'Ingress/default/shop', field, severity: 'error' });
    expect(first?.message).toMatch(message);
    expect(first?.hint).not.toBe('');
  });

  test.each([
    [undefined, 'metadata.name'],
    ['Shop', 'metadata.name'],
    ['a/../b', 'metadata.name'],
    ['a'.repeat(254), 'metadata.name'],
    [12, 'metadata.name'],
    ['shop\n', 'metadata.name'],
  ])('name %j', (name, field) => {
    const raw = { ...INGRESS, metadata: { name } };
    const projected = projectObject(raw, 'File/m/a.yaml');
    expect(projected).toMatchObject({ reference: null });
    expect(diagnosticsOf(projected)).toMatchObject([{ object: 'File/m/a.yaml', field, code: 'name-invalid' }]);
  });

  test.each(['kube.system', 'X', '', 'a'.repeat(64)])('namespace %j', (namespace) => {
    const projected = projectObject({ ...INGRESS, metadata: { name: 'a', namespace } });
    expect(diagnosticsOf(projected)).toMatchObject([{ field: 'metadata.namespace' }]);
  });

  test.each([
    ['extensions/v1beta1', 'Ingress'],
    ['networking.k8s.io/v1beta1', 'IngressClass'],
    ['discovery.k8s.io/v1beta1', 'EndpointSlice'],
    ['v1', 'Ingress'],
  ])('%s %s: says which version to use', (apiVersion, kind) => {
    const diagnostics = diagnosticsOf(projectObject({ apiVersion, kind, metadata: { name: 'a' } }));
    expect(diagnostics).toMatchObject([{ code: 'api-version-unsupported', field: 'apiVersion' }]);
    expect(diagnostics[0]?.hint).toMatch(/\/v1\./);
  });

  test.each(['c2VjcmV0cw', 'c2VjcmV0cw=', '=c2VjcmV0cw', 'geheim!', ' c2VjcmV0cw=='])('base64 %j', (text) => {
    const diagnostics = diagnosticsOf(projectObject(secret({ data: { 'tls.key': text, good: 'eA==' } })));
    expect(diagnostics).toMatchObject([{ field: 'data["tls.key"]', object: 'Secret/default/s' }]);
    expect(JSON.stringify(diagnostics)).not.toContain(text);
  });

  test('no value of a Secret is ever shown', () => {
    const raw = secret({ data: { a: 31_415_926, b: ['hunter2'] }, stringData: { c: { hunter2: 1 } } });
    const shown = JSON.stringify(diagnosticsOf(projectObject(raw)).map(({ message, hint }) => message + hint));
    expect(shown).not.toContain('hunter2');
    expect(shown).not.toContain('31415926');
  });

  test.each([[null], [12], ['text'], [[]], [{}], [{ kind: 'Ingress' }], [{ kind: 1, apiVersion: 'v1' }]])('%j', (raw) => {
    expect(diagnosticsOf(projectObject(raw))).toMatchObject([{ code: 'not-an-object' }]);
  });
});

test('keys of the prototype are harmless', () => {
  const raw: unknown = JSON.parse(
    `{"apiVersion":"v1","kind":"ConfigMap","__proto__":{"polluted":"yes"},"metadata":{"name":"c","annotations":
     {"__proto__":"x","constructor":"y"}},"data":{"__proto__":"x","toString":"z"}}`,
  );
  const projected = projectObject(raw);
  if (!('object' in projected) || projected.object.kind !== 'ConfigMap') throw new Error('not taken');
  const { annotations } = projected.object.metadata;
  expect(annotations.constructor).toBe('y');
  expect(annotations.hasOwnProperty).toBeUndefined();
  expect(projected.object.data.toString).toBe('z');
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

test('lists are taken apart, lists in lists too', () => {
  const list = { apiVersion: 'v1', kind: 'List', items: [INGRESS, { kind: 'ServiceList', apiVersion: 'v1', items: [{ metadata: {} }] }] };
  expect(expandList(list)).toEqual([INGRESS, { apiVersion: 'v1', kind: 'Service', metadata: {} }]);
  const allowList = { apiVersion: 'x.io/v1', kind: 'AllowList', items: [1] };
  expect(expandList(allowList)).toEqual([allowList]);
});

// biome-ignore lint/suspicious/noExplicitAny: foreign JSON
function change(raw: unknown, spoil: (object: any) => void): unknown {
  const copy: unknown = structuredClone(raw);
  spoil(copy);
  return copy;
}

function secret(fields: object): unknown {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, ...fields };
}

function diagnosticsOf(projected: ReturnType<typeof projectObject>): readonly Diagnostic[] {
  if (!('diagnostics' in projected)) throw new Error(`was taken: ${JSON.stringify(projected)}`);
  return projected.diagnostics;
}
