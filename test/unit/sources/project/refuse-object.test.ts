import { describe, expect, test } from '@jest/globals';
import { projectObject } from '../../../../src/sources/project/project-object.ts';
import type { Foreign } from './foreign.ts';
import { change, diagnosticsOf, INGRESS, secret } from './foreign.ts';

describe('what is refused, with the field', () => {
  test.each<[string, (object: Foreign) => void, string, RegExp]>([
    [
      'a host that is a number',
      (o) => {
        o.spec.rules[0].host = 12;
      },
      'spec.rules[0].host',
      /text.*a number/,
    ],
    [
      'an annotation that is true',
      (o) => {
        o.metadata.annotations['x.io/y'] = true;
      },
      "metadata.annotations['x.io/y']",
      /truth value/,
    ],
    [
      'an annotation that is null',
      (o) => {
        o.metadata.annotations.a = null;
      },
      'metadata.annotations.a',
      /missing/,
    ],
    [
      'an unknown pathType',
      (o) => {
        o.spec.rules[0].http.paths[0].pathType = 'Re"gex';
      },
      'spec.rules[0].http.paths[0].pathType',
      /"Re\\"gex".*Exact/,
    ],
    [
      'no backend',
      (o) => {
        delete o.spec.rules[0].http.paths[0].backend;
      },
      'spec.rules[0].http.paths[0].backend',
      /missing/,
    ],
    [
      'no port',
      (o) => {
        delete o.spec.rules[0].http.paths[0].backend.service.port;
      },
      'spec.rules[0].http.paths[0].backend.service.port',
      /missing/,
    ],
    [
      'an empty port',
      (o) => {
        o.spec.rules[0].http.paths[0].backend.service.port = {};
      },
      'spec.rules[0].http.paths[0].backend.service.port',
      /exactly one/,
    ],
    [
      'two ports',
      (o) => {
        o.spec.rules[0].http.paths[0].backend.service.port.name = 'http';
      },
      'spec.rules[0].http.paths[0].backend.service.port',
      /exactly one/,
    ],
    [
      'a v1beta1 backend',
      (o) => {
        o.spec.defaultBackend = { serviceName: 'a', servicePort: 1 };
      },
      'spec.defaultBackend',
      /exactly one of service/,
    ],
    [
      'no spec',
      (o) => {
        delete o.spec;
      },
      'spec',
      /missing/,
    ],
    [
      'rules that are a mapping',
      (o) => {
        o.spec.rules = {};
      },
      'spec.rules',
      /a list, but is a mapping/,
    ],
    [
      'a time that is none',
      (o) => {
        o.metadata.creationTimestamp = 'yesterday';
      },
      'metadata.creationTimestamp',
      /time/,
    ],
  ])('%s', (_title, spoil, field, message) => {
    // prettier-ignore
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
    expect(diagnosticsOf(projected)).toMatchObject([
      { object: 'File/m/a.yaml', field, code: 'name-invalid' },
    ]);
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
    expect(diagnostics).toMatchObject([{ field: "data['tls.key']", object: 'Secret/default/s' }]);
    expect(JSON.stringify(diagnostics)).not.toContain(text);
  });

  test('no value of a Secret is ever shown', () => {
    const raw = secret({ data: { a: 31_415_926, b: ['hunter2'] }, stringData: { c: { hunter2: 1 } } });
    const shown = JSON.stringify(
      diagnosticsOf(projectObject(raw)).map(({ message, hint }) => message + hint),
    );
    expect(shown).not.toContain('hunter2');
    expect(shown).not.toContain('31415926');
  });

  test.each([[null], [12], ['text'], [[]], [{}], [{ kind: 'Ingress' }], [{ kind: 1, apiVersion: 'v1' }]])(
    '%j',
    (raw) => {
      expect(diagnosticsOf(projectObject(raw))).toMatchObject([{ code: 'not-an-object' }]);
    },
  );
});
