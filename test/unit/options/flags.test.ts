// The table of flags: complete, consistent with its own grammar, and strict about values.
import { describe, expect, test } from '@jest/globals';
import {
  DEFAULT_FLAGS,
  FLAG_GROUPS,
  FLAG_KEYS,
  FLAGS,
  type FlagKey,
  type Flags,
} from '../../../src/options/flags.ts';

function parse<K extends FlagKey>(key: K, text: string): Flags[K] | string {
  const parsed = FLAGS[key].parse(text, FLAGS[key].default);
  return parsed.ok ? parsed.value : `refused: ${parsed.error}`;
}

describe('the table', () => {
  test.each(FLAG_KEYS)(
    '%s: the name is the key in kebab case, as the parser of the command line derives it',
    (key) => {
      const { name } = FLAGS[key];
      expect(name.slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())).toBe(key);
      expect(FLAGS[key].help).toMatch(/^[A-Z].*\.$/);
      expect(FLAGS[key].commands.length).toBeGreaterThan(0);
    },
  );

  test('each flag stands under exactly one heading', () => {
    expect(Object.values(FLAG_GROUPS).flat().sort()).toEqual([...FLAG_KEYS].sort());
  });

  test.each(FLAG_KEYS.filter((key) => FLAGS[key].shownDefault !== ''))(
    '%s: the default as shown parses to the default',
    (key) => {
      expect(parse(key, FLAGS[key].shownDefault)).toEqual(DEFAULT_FLAGS[key]);
    },
  );

  test('the defaults are those of ingress-nginx where it has the flag', () => {
    expect(DEFAULT_FLAGS).toMatchObject({
      httpPort: 80,
      httpsPort: 443,
      ingressClass: 'nginx',
      controllerClass: 'k8s.io/ingress-nginx',
      ingressClassByName: false,
      watchIngressWithoutClass: false,
      watchNamespace: null,
      annotationsPrefix: 'nginx.ingress.kubernetes.io',
    });
  });
});

describe('values', () => {
  test.each<[FlagKey, string, unknown]>([
    ['httpPort', '8080', 8080],
    ['adminAddress', '[::1]:0', { host: '::1', port: 0 }],
    ['adminAddress', 'localhost:10254', { host: 'localhost', port: 10_254 }],
    ['documentsSize', '2g', 2 * 1024 ** 3],
    ['compileQuiet', '500ms', 500],
    ['compileInterval', '5m', 300_000],
    ['prefix', '/srv//ingress/', '/srv/ingress'],
    ['configmap', 'default/settings', 'default/settings'],
    ['configmap', '', null],
    ['watchNamespace', '', null],
    ['supervise', 'TRUE', true],
    ['supervise', 'f', false],
    ['includeHttp', '/etc/nginx/conf.d/*.conf', ['/etc/nginx/conf.d/*.conf']],
  ])('%s %j', (key, text, value) => {
    expect(parse(key, text)).toEqual(value);
  });

  test.each<[FlagKey, string]>([
    ['httpPort', '0'],
    ['httpPort', '65536'],
    ['httpPort', '80x'],
    ['adminAddress', '10254'],
    ['adminAddress', ':10254'],
    ['adminAddress', '127.0.0.1:99999'],
    ['documentsSize', '1k'],
    ['documentsSize', 'much'],
    ['compileQuiet', '10'],
    ['compileQuiet', '25h'],
    ['prefix', 'relative'],
    ['prefix', '/'],
    ['prefix', '/srv/../etc'],
    ['prefix', '/srv/"; evil'],
    ['prefix', `/${'a'.repeat(80)}`],
    ['includeMain', '/etc/x.conf; evil'],
    ['configmap', 'settings'],
    ['configmap', 'a/b/c'],
    ['ingressClass', 'Nginx'],
    ['annotationsPrefix', 'bad prefix'],
    ['supervise', 'yes'],
    ['compile', 'sometimes'],
    ['manifests', ''],
  ])('%s refuses %j and says what it expects', (key, text) => {
    expect(parse(key, text)).toMatch(/^refused: .* (is|are) expected/);
  });

  test('a repeatable flag adds to what was given before', () => {
    expect(FLAGS.manifests.parse('b', ['a'])).toEqual({ ok: true, value: ['a', 'b'] });
  });
});
