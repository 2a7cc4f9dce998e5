// Grammars of what Ingresses say about endpoints, all of which reaches nginx.conf: what passes is what nginx takes.
import { createSecureContext } from 'node:tls';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isParamName, isParamText, PARAM_VARIABLES } from '../../../src/options/grammar/fastcgi-param.ts';
import { fileName } from '../../../src/options/grammar/file-name.ts';
import { referenceWithin } from '../../../src/options/grammar/object-name.ts';
import type { Parse } from '../../../src/options/grammar/parsed.ts';
import { tlsName } from '../../../src/options/grammar/tls.ts';
import { upstreamCiphers } from '../../../src/options/grammar/upstream-ciphers.ts';
import { param } from '../../../src/render/helpers/param.ts';
import { host } from '../../../src/render/helpers/place.ts';
import { token } from '../../../src/render/helpers/words.ts';

const value = (parse: Parse<unknown>, given: string): unknown => {
  const parsed = parse(given);
  return parsed.ok ? parsed.value : undefined;
};

test.each<[string, Parse<unknown>, string, unknown]>([
  ['tlsName', tlsName, 'Backend.Example', 'backend.example'],
  ['tlsName', tlsName, 'a_b', 'a_b'],
  ['tlsName', tlsName, '*.example', undefined],
  ['tlsName', tlsName, '$host', undefined],
  ['tlsName', tlsName, 'a..b', undefined],
  ['tlsName', tlsName, 'a b', undefined],
  ['tlsName', tlsName, `${'a'.repeat(63)}.`.repeat(4), undefined],
  ['fileName', fileName, 'index.php', 'index.php'],
  ['fileName', fileName, '../index.php', undefined],
  ['fileName', fileName, '.htaccess', undefined],
  ['fileName', fileName, '', undefined],
  ['referenceWithin', referenceWithin, 'params', 'params'],
  ['referenceWithin', referenceWithin, 'default/params', 'default/params'],
  ['referenceWithin', referenceWithin, 'a/b/c', undefined],
  ['referenceWithin', referenceWithin, '/params', undefined],
  ['upstreamCiphers', upstreamCiphers, 'DEFAULT', 'DEFAULT'],
  ['upstreamCiphers', upstreamCiphers, 'HIGH:!aNULL:!MD5', 'HIGH:!aNULL:!MD5'],
  ['upstreamCiphers', upstreamCiphers, 'ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
  ['upstreamCiphers', upstreamCiphers, 'AES128-SHA', undefined],
  ['upstreamCiphers', upstreamCiphers, 'HIGH:!HIGH', undefined],
  ['upstreamCiphers', upstreamCiphers, 'HIGH:!ALL', undefined],
  ['upstreamCiphers', upstreamCiphers, 'HIGH:-HIGH', undefined],
  ['upstreamCiphers', upstreamCiphers, 'HIGH:@SECLEVEL=0', undefined],
  ['upstreamCiphers', upstreamCiphers, 'HIGH:', undefined],
  ['upstreamCiphers', upstreamCiphers, 'HIGH:HIGH_X', undefined],
  ['upstreamCiphers', upstreamCiphers, 'DEFAULT_X:HIGH', undefined],
  ['upstreamCiphers', upstreamCiphers, '!aNULL:DEFAULT', undefined],
  ['upstreamCiphers', upstreamCiphers, `HIGH:${'A'.repeat(1_000)}`, undefined],
])('%s %j', (_, parse, given, expected) => {
  expect(value(parse, given)).toEqual(expected);
});

test('what the cipher grammar takes, OpenSSL takes', () => {
  const part = fc.constantFrom(
    ...'DEFAULT HIGH ALL ECDHE-RSA-AES128-GCM-SHA256 ECDHE-ECDSA-CHACHA20-POLY1305 EECDH+AESGCM FOO-BAR kRSA SHA1 HIGH_X FOO_BAR DEFAULT_X DEFAULT-ALL SUITEB128 TLS_AES_128_GCM_SHA256'.split(
      ' ',
    ),
    ...'!aNULL !NULL !MD5 !PSK !kRSA !ADH !MEDIUM !LOW !ARIA @STRENGTH !HIGH -HIGH +HIGH'.split(' '),
  );
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 8 }), (parts) => {
      const parsed = upstreamCiphers(parts.join(':'));
      if (!parsed.ok) return;
      expect(() => createSecureContext({ ciphers: parsed.value })).not.toThrow();
      expect(token(parsed.value)).toBe(parsed.value);
    }),
    { numRuns: 500 },
  );
});

test.each([
  ['SCRIPT_FILENAME', true],
  ['HTTPS', true],
  ['HTTP_PROXY', true],
  ['HTTP_HOST', true],
  ['HTTP_X_FORWARDED_FOR', false],
  ['HTTP_AaBB', false],
  ['1A', false],
  ['A-B', false],
  ['', false],
  ['A'.repeat(65), false],
])('parameter name %j: %p', (name, fits) => {
  expect(isParamName(name)).toBe(fits);
});

test('parameter values: text and some variables; whatever passes, the template takes', () => {
  for (const text of [
    '',
    '/srv/app$fastcgi_script_name',
    'a b=c',
    [...PARAM_VARIABLES].map((name) => `$${name}`).join('/'),
  ])
    expect(isParamText(text)).toBe(true);
  for (const text of [
    '$identity_key',
    '$http_authorization',
    '$\x7bhost}',
    '$',
    '"',
    '\\',
    ';',
    '{',
    "'",
    '\n',
    '#',
    '$hostX',
    'x'.repeat(1_001),
  ])
    expect(isParamText(text)).toBe(false);
  fc.assert(
    fc.property(fc.string({ maxLength: 30 }), fc.string({ maxLength: 10 }), (one, two) => {
      for (const text of [one, `$host${one}`, `${one}$uri${two}`]) if (isParamText(text)) param(text);
      const name = tlsName(one);
      if (name.ok) host(name.value);
      const file = fileName(one);
      if (file.ok) token(file.value);
    }),
  );
});
