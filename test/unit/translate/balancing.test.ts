// What the annotations about balancing mean for backends, and that one Ingress never changes what another has.
import { describe, expect, test } from '@jest/globals';
import { DEFAULT_TRANSLATE_OPTIONS } from '../../../src/translate/options.ts';
import { createTranslator } from '../../../src/translate/translate.ts';
import { asking, backendOf, balanced, told } from './support/balanced.ts';
import {
  configMap,
  ingress,
  ingressClass,
  ours,
  path,
  routes,
  service,
  slice,
  snapshot,
  translate,
} from './support/objects.ts';

describe('algorithms', () => {
  test.each([
    ['ewma', true],
    ['least_conn', true],
    ['round_robin', false],
  ])('%s', (algorithm, measured) => {
    expect(balanced({ 'load-balance': algorithm })).toMatchObject({
      balancing: { algorithm, hashBy: [], subsetSize: 0 },
      plain: algorithm === 'round_robin',
      measured,
      codes: [],
    });
  });

  test('what is hashed decides, as in ingress-nginx', () => {
    const hash = { 'upstream-hash-by': '$request_uri' };
    const hashBy = ['$request_uri'];
    expect(balanced(hash)).toMatchObject({
      balancing: { algorithm: 'chash', hashBy, subsetSize: 0 },
      measured: false,
      codes: [],
    });
    expect(balanced({ ...hash, 'upstream-hash-by-subset': 'true' }).balancing).toMatchObject({
      algorithm: 'chashsubset',
      hashBy,
      subsetSize: 3,
    });
    const sized = { ...hash, 'load-balance': 'chashsubset', 'upstream-hash-by-subset-size': '5' };
    expect(balanced(sized)).toMatchObject({ balancing: { subsetSize: 5 }, codes: [] });
    expect(balanced({ ...hash, 'load-balance': 'ewma' })).toMatchObject({
      balancing: { algorithm: 'chash' },
      codes: [told('warning', 'annotation-idle', 'load-balance')],
    });
    expect(balanced({ ...hash, 'slow-start': '10' })).toMatchObject({
      balancing: { slowStart: 0 },
      codes: [told('warning', 'annotation-idle', 'slow-start')],
    });
  });

  test.each(['chash', 'chashsubset', 'sticky_balanced', 'sticky_persistent'])(
    'load-balance %s alone is served by round_robin, also where the default is another',
    (name) => {
      const found = balanced({ 'load-balance': name }, { 'load-balance': 'ewma' });
      expect(found).toMatchObject({
        balancing: { algorithm: 'round_robin' },
        codes: [told('warning', 'algorithm-unsupported', 'load-balance')],
      });
    },
  );

  test('the ConfigMap decides for those that say nothing', () => {
    const settings = { 'load-balance': 'ewma', 'slow-start': '20' };
    expect(balanced({}, settings)).toMatchObject({
      balancing: { algorithm: 'ewma', slowStart: 20 },
      plain: true,
      measured: true,
    });
    expect(balanced({ 'load-balance': 'round_robin' }, settings)).toMatchObject({
      balancing: { algorithm: 'round_robin', slowStart: 20 },
      plain: false,
      measured: false,
    });
    expect(balanced({ 'load-balance': 'ewma', 'slow-start': '20s' }, settings).plain).toBe(true);
  });
});

describe('checks', () => {
  test('passive ones', () => {
    expect(balanced({ 'upstream-max-fails': '2' })).toMatchObject({
      balancing: { passive: { maxFails: 2, failTimeout: 10, statuses: [], maxEjected: 50 } },
      measured: true,
      codes: [],
    });
    const settings = { 'upstream-max-fails': '3', 'upstream-fail-timeout': '20' };
    expect(balanced({ 'upstream-fail-statuses': '500-599' }, settings)).toMatchObject({
      balancing: { passive: { maxFails: 3, failTimeout: 20, statuses: [[500, 599]] } },
      codes: [],
    });
    expect(balanced({ 'upstream-max-fails': '0' }, settings)).toMatchObject({
      balancing: { passive: null },
      plain: false,
      measured: false,
    });
    expect(
      balanced({ 'upstream-max-fails': '1' }, { 'upstream-fail-timeout': '20' }).balancing,
    ).toMatchObject({
      passive: { maxFails: 1, failTimeout: 20 },
    });
  });

  test('active ones, with their defaults and with everything', () => {
    expect(balanced({ 'health-check': 'http' })).toMatchObject({
      balancing: {
        check: {
          type: 'http',
          interval: 5,
          timeout: 2,
          rise: 2,
          fall: 3,
          port: null,
          path: '/',
          host: null,
          statuses: [[200, 399]],
          service: '',
        },
      },
      measured: false,
      codes: [],
    });
    expect(
      balanced({
        'health-check': 'https',
        'health-check-path': '/up?full',
        'health-check-host': 'up.example:81',
        'health-check-port': '81',
        'health-check-interval': '10s',
        'health-check-timeout': '10',
        'health-check-rise': '1',
        'health-check-fall': '1',
        'health-check-statuses': '200,204',
        'panic-threshold': '40',
      }),
    ).toMatchObject({
      balancing: {
        panicThreshold: 40,
        check: {
          type: 'https',
          interval: 10,
          timeout: 10,
          rise: 1,
          fall: 1,
          port: 81,
          path: '/up?full',
          host: 'up.example:81',
          statuses: [
            [200, 200],
            [204, 204],
          ], // prettier-ignore
        },
      },
      codes: [],
    });
    expect(
      balanced({ 'health-check': 'grpc', 'health-check-service': 'a.B' }).balancing?.check,
    ).toMatchObject({
      path: '/',
      statuses: [],
      service: 'a.B',
    });
  });

  test('an answer is not waited for longer than until the next check', () => {
    const check = { 'health-check': 'tcp', 'health-check-interval': '1' };
    expect(balanced(check)).toMatchObject({ balancing: { check: { timeout: 1 } }, codes: [] });
    expect(balanced({ ...check, 'health-check-timeout': '3' })).toMatchObject({
      balancing: { check: { timeout: 1 } },
      codes: [told('warning', 'check-timeout-long', 'health-check-timeout')],
    });
  });
});

describe('backends of one Service', () => {
  test('each Ingress has what it asks for, whoever is older; equal ones share', () => {
    const model = translate([
      asking('a', { 'load-balance': 'ewma' }),
      asking('b', {}),
      asking('c', { 'upstream-hash-by': '$remote_addr' }),
      asking('d', { 'load-balance': 'ewma', 'proxy-body-size': '1k' }),
    ]);
    const of = (host: string) => backendOf(model, host)?.balancing.algorithm;
    expect(['a', 'b', 'c', 'd'].map((name) => of(`${name}.example`))).toEqual([
      'ewma',
      'round_robin',
      'chash',
      'ewma',
    ]);
    expect(backendOf(model, 'a.example')).toBe(backendOf(model, 'd.example'));
    expect(model.backends.size).toBe(3);
    const found = [...model.backends.values()];
    expect(new Set(found.map(({ endpoints }) => JSON.stringify(endpoints))).size).toBe(1);
  });

  test('also while the Service is missing', () => {
    const missing = ingress('a', {
      rules: [{ host: 'a.example', paths: [path('/', 'none')] }],
      metadata: { annotations: ours({ 'load-balance': 'ewma' }) },
    });
    const model = translate([
      missing,
      ingress('b', { rules: [{ host: 'b.example', paths: [path('/', 'none')] }] }),
    ]);
    expect(model.backends.size).toBe(2);
    expect(routes(model, 'a.example')[0]?.profile.measured).toBe(true);
    expect(routes(model, 'b.example')[0]?.profile.measured).toBeUndefined();
  });

  test('a change that asks for the same keeps everything; of the ConfigMap it is seen', () => {
    const translator = createTranslator({ ...DEFAULT_TRANSLATE_OPTIONS, configmap: 'ingress/config' });
    const at = (annotations: Record<string, string>, settings: Record<string, string> = {}) =>
      translator(
        snapshot([ingressClass(), service(), slice(), asking('a', annotations), configMap(settings)]),
      );
    const before = at({ 'load-balance': 'ewma' });
    expect(at({ 'load-balance': 'ewma', 'proxy-body-size': '1k' }).backends).toBe(before.backends);
    expect(backendOf(at({}), 'a.example')?.balancing.algorithm).toBe('round_robin');
    const model = at({}, { 'load-balance': 'least_conn' });
    expect(backendOf(model, 'a.example')).toMatchObject({
      id: 'default/web/80',
      balancing: { algorithm: 'least_conn' },
    });
  });

  test('measured are the routes of a measured canary or of one who stands in, too', () => {
    const others = [service('next'), slice('next')];
    const canary = ingress('c', {
      rules: [{ host: 'a.example', paths: [path('/', 'next')] }],
      metadata: { annotations: ours({ canary: 'true', 'load-balance': 'ewma' }) },
    });
    const model = translate([asking('a', {}), ...others, canary]);
    expect(routes(model, 'a.example')[0]).toMatchObject({
      backend: 'default/web/80',
      profile: { measured: true },
    });
    const both = translate([asking('a', {}), asking('b', {}), ...others, canary]);
    expect(routes(both, 'b.example')[0]?.profile.measured).toBeUndefined();
  });

  test('what no rule matches goes by the ConfigMap', () => {
    const model = translate([configMap({ 'load-balance': 'ewma' })], {
      configmap: 'ingress/config',
      defaultBackendService: 'default/web',
    });
    expect(model.defaultRoute?.profile.measured).toBe(true);
    expect(model.backends.get('default/web/80')?.balancing.algorithm).toBe('ewma');
  });
});
