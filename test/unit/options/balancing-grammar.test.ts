import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hashKey } from '../../../src/options/grammar/hash-key.ts';
import { checkHost, checkPath, grpcService } from '../../../src/options/grammar/health-check.ts';
import { moment } from '../../../src/options/grammar/moment.ts';
import type { Parse } from '../../../src/options/grammar/parsed.ts';
import { percent } from '../../../src/options/grammar/percent.ts';
import { servicePort } from '../../../src/options/grammar/service-port.ts';
import { cookieAge, cookieDomain, cookiePath } from '../../../src/options/grammar/session-cookie.ts';
import { statusRanges } from '../../../src/options/grammar/status-ranges.ts';

const value = (parse: Parse<unknown>, given: string): unknown => {
  const parsed = parse(given);
  return parsed.ok ? parsed.value : undefined;
};

test.each<[string, Parse<unknown>, string, unknown]>([
  ['hashKey', hashKey, '$remote_addr', ['$remote_addr']],
  ['hashKey', hashKey, '$Request_URI', ['$request_uri']],
  ['hashKey', hashKey, '$\x7bcookie_User}-$\x7barg_a}', ['$cookie_user', '-', '$arg_a']],
  ['hashKey', hashKey, 'a$host$http_x', ['a', '$host', '$http_x']],
  ['hashKey', hashKey, 'user', undefined],
  ['hashKey', hashKey, '', undefined],
  ['hashKey', hashKey, '$identity_key', undefined],
  ['hashKey', hashKey, '$\x7bidentity_key}$host', undefined],
  ['hashKey', hashKey, '$route', undefined],
  ['hashKey', hashKey, '$http_', undefined],
  ['hashKey', hashKey, '$1', undefined],
  ['hashKey', hashKey, '$', undefined],
  ['hashKey', hashKey, '${host', undefined],
  ['hashKey', hashKey, '$host;', undefined],
  ['hashKey', hashKey, '$host $uri', undefined],
  ['hashKey', hashKey, '$remote_addrx', undefined],
  ['hashKey', hashKey, `$host${'x'.repeat(500)}`, undefined],
  ['statuses', statusRanges, '500', [[500, 500]]],
  ['statuses', statusRanges, '502-504, 500,501', [[500, 504]]],
  [
    'statuses',
    statusRanges,
    '200-399,300-310,404',
    [
      [200, 399],
      [404, 404],
    ],
  ],
  ['statuses', statusRanges, '504-502', undefined],
  ['statuses', statusRanges, '99', undefined],
  ['statuses', statusRanges, '600', undefined],
  ['statuses', statusRanges, '500,', undefined],
  ['statuses', statusRanges, '5xx', undefined],
  ['percent', percent, '30', 30],
  ['percent', percent, '30%', 30],
  ['percent', percent, '101', undefined],
  ['percent', percent, '30%%', undefined],
  ['percent', percent, '%', undefined],
  ['moment', moment, '1970-01-01T00:00:10Z', 10],
  ['moment', moment, '2026-03-01T10:00:00+01:00', Date.UTC(2026, 2, 1, 9) / 1000],
  ['moment', moment, '2026-03-01t10:00:00.5z', Date.UTC(2026, 2, 1, 10) / 1000],
  ['moment', moment, '2026-02-30T10:00:00Z', undefined],
  ['moment', moment, '2026-03-01T24:00:00Z', undefined],
  ['moment', moment, '2026-03-01T10:00:00', undefined],
  ['moment', moment, '2026-03-01', undefined],
  ['moment', moment, '1969-12-31T23:59:59Z', undefined],
  ['servicePort', servicePort, 'web:80', { service: 'web', port: { number: 80 } }],
  ['servicePort', servicePort, 'web.a:http', { service: 'web.a', port: { name: 'http' } }],
  ['servicePort', servicePort, 'web', undefined],
  ['servicePort', servicePort, 'web:', undefined],
  ['servicePort', servicePort, 'web:0', undefined],
  ['servicePort', servicePort, 'web:65536', undefined],
  ['servicePort', servicePort, 'other/web:80', undefined],
  ['servicePort', servicePort, '-web:80', undefined],
  ['cookiePath', cookiePath, '/a', '/a'],
  ['cookiePath', cookiePath, 'a', undefined],
  ['cookiePath', cookiePath, '/a; Domain=x', undefined],
  ['cookiePath', cookiePath, '/a b', undefined],
  ['cookieDomain', cookieDomain, '.Shop.example', '.shop.example'],
  ['cookieDomain', cookieDomain, 'shop', undefined],
  ['cookieDomain', cookieDomain, '*.shop.example', undefined],
  ['cookieDomain', cookieDomain, 'a.b; Path=/', undefined],
  ['cookieAge', cookieAge, '-1', -1],
  ['cookieAge', cookieAge, '4294967296', undefined],
  ['checkPath', checkPath, '/up?a=1', '/up?a=1'],
  ['checkPath', checkPath, '/a b', undefined],
  ['checkPath', checkPath, '/a\r\nHost: x', undefined],
  ['checkHost', checkHost, 'shop.example', 'shop.example'],
  ['checkHost', checkHost, '[::1]:80', '[::1]:80'],
  ['checkHost', checkHost, 'a\nb', undefined],
  ['grpcService', grpcService, 'shop.v1.Orders', 'shop.v1.Orders'],
  ['grpcService', grpcService, 'a b', undefined],
])('%s %#: %j', (_, parse, given, expected) => {
  // biome-ignore lint/style/noNonNullAssertion: the row has four columns
  expect(value(parse!, given as string)).toEqual(expected);
});

test('no key is ever made of a variable that is not of the request', () => {
  const piece = fc.constantFrom(
    '$',
    '${',
    '}',
    'http_',
    'cookie_',
    'arg_',
    'identity_key',
    'host',
    'uri',
    'a',
    '-',
    ' ',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
      const parts = value(hashKey, pieces.join('')) as readonly string[] | undefined;
      for (const part of parts ?? [])
        expect(part).toMatch(/^(?:[A-Za-z0-9_-]+|\$(?:host|uri|(?:http|cookie|arg)_\w+))$/);
    }),
    { numRuns: 2_000, seed: 1 },
  );
});
