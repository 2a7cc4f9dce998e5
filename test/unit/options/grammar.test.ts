import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { address, addressList, networkList } from '../../../src/options/grammar/address.ts';
import { boolean, onOff } from '../../../src/options/grammar/boolean.ts';
import { buffers } from '../../../src/options/grammar/buffers.ts';
import { duration } from '../../../src/options/grammar/duration.ts';
import { host } from '../../../src/options/grammar/host.ts';
import { locationList } from '../../../src/options/grammar/locations.ts';
import { nextUpstream } from '../../../src/options/grammar/next-upstream.ts';
import { integer } from '../../../src/options/grammar/number.ts';
import { namespacedName, objectNameText } from '../../../src/options/grammar/object-name.ts';
import type { Parse } from '../../../src/options/grammar/parsed.ts';
import { isNormalPath, path } from '../../../src/options/grammar/path.ts';
import { bodySize, bufferSize } from '../../../src/options/grammar/size.ts';
import { cookieName, headerName, text } from '../../../src/options/grammar/text.ts';
import { cipherList, protocols } from '../../../src/options/grammar/tls.ts';

const value = (parse: Parse<unknown>, given: string): unknown => {
  const parsed = parse(given);
  return parsed.ok ? parsed.value : undefined;
};

test.each<[string, Parse<unknown>, string, unknown]>([
  ['boolean', boolean, 'T', true],
  ['boolean', boolean, 'False', false],
  ['boolean', boolean, 'yes', undefined],
  ['boolean', boolean, 'tRUE', undefined],
  ['boolean', boolean, ' true', undefined],
  ['onOff', onOff, 'on', true],
  ['onOff', onOff, 'true', undefined],
  ['integer', integer(0, 10), '+7', 7],
  ['integer', integer(0, 10), '-0', 0],
  ['integer', integer(0, 10), '11', undefined],
  ['integer', integer(0, 10), '1e1', undefined],
  ['integer', integer(0, 10), '0x1', undefined],
  ['integer', integer(0, 10), '', undefined],
  ['bodySize', bodySize, '0', 0],
  ['bodySize', bodySize, '8M', 8 * 1024 ** 2],
  ['bodySize', bodySize, '1 g', 1024 ** 3],
  ['bodySize', bodySize, '10b', 10],
  ['bodySize', bodySize, '1t', undefined],
  ['bodySize', bodySize, '1.5m', undefined],
  ['bodySize', bodySize, '999999999999999g', undefined],
  ['bufferSize', bufferSize, '0', undefined],
  ['bufferSize', bufferSize, '16k', 16_384],
  ['bufferSize', bufferSize, '1g', undefined],
  ['duration', duration(1, 86_400), '240s', 240],
  ['duration', duration(1, 86_400), '10m', 600],
  ['duration', duration(1, 86_400), '2d', undefined],
  ['buffers', buffers, '4 8k', { number: 4, size: 8192 }],
  ['buffers', buffers, '4', undefined],
  ['buffers', buffers, '4 8k; x', undefined],
  ['nextUpstream', nextUpstream, 'timeout error error', ['error', 'timeout']],
  ['nextUpstream', nextUpstream, 'off', ['off']],
  ['nextUpstream', nextUpstream, 'off error', undefined],
  ['nextUpstream', nextUpstream, 'error;', undefined],
  ['headerName', headerName, 'X-Canary', 'x-canary'],
  ['headerName', headerName, 'a:b', undefined],
  ['cookieName', cookieName, 'a.b-c_d', 'a.b-c_d'],
  ['cookieName', cookieName, 'a=b', undefined],
  ['text', text(5), 'a b', 'a b'],
  ['text', text(5), 'abcdef', undefined],
  ['text', text(5), 'a\u0085', undefined],
  ['text', text(5), '\ud800', undefined],
  ['objectName', objectNameText, 'a.b-c', 'a.b-c'],
  ['objectName', objectNameText, 'A', undefined],
  ['objectName', objectNameText, 'a..b', undefined],
  ['namespacedName', namespacedName, 'a/b', 'a/b'],
  ['namespacedName', namespacedName, 'a/b/c', undefined],
  ['namespacedName', namespacedName, 'b', undefined],
  ['address', address, '10.0.0.1', '10.0.0.1'],
  ['address', address, 'FD00:0::1', 'fd00::1'],
  ['address', address, '10.0.0.01', undefined],
  ['address', address, '1', undefined],
  ['address', address, '[::1]', undefined],
  ['addressList', addressList, '10.0.0.1, [::1],10.0.0.1', ['10.0.0.1', '::1']],
  ['addressList', addressList, '10.0.0.1,', undefined],
  ['networkList', networkList, '10.0.0.0/8,::/0,192.0.2.1', ['10.0.0.0/8', '::/0', '192.0.2.1']],
  ['networkList', networkList, '10.0.0.0/33', undefined],
  ['locations', locationList, '/b, /a,/b', ['/a', '/b']],
  ['locations', locationList, 'a', undefined],
  ['ciphers', cipherList, 'HIGH:!aNULL:@SECLEVEL', 'HIGH:!aNULL:@SECLEVEL'],
  ['ciphers', cipherList, 'HIGH; x', undefined],
  ['ciphers', cipherList, 'HIGH"', undefined],
  ['protocols', protocols, 'TLSv1.3 TLSv1.2', ['TLSv1.2', 'TLSv1.3']],
  ['protocols', protocols, 'SSLv3', undefined],
  ['host', host, 'Shop.Example', 'shop.example'],
  ['host', host, `${'a'.repeat(63)}.b`, `${'a'.repeat(63)}.b`],
  ['host', host, `${'a.'.repeat(127)}a`, undefined],
  ['path', path, '/a b"{$}\\', '/a b"{$}\\'],
  ['path', path, `/${'\u20ac'.repeat(342)}`, undefined],
  ['path', path, '/\u007f', undefined],
])('%s %#: %j', (_, parse, given, expected) => {
  // biome-ignore lint/style/noNonNullAssertion: the row has four columns
  expect(value(parse!, given as string)).toEqual(expected);
});

test('paths that nginx never sees', () => {
  expect(['/a//b', '/./a', '/a/..', '/..'].map(isNormalPath)).toEqual([false, false, false, false]);
  expect(['/', '/a.b/...c', '/..a', '/a/'].map(isNormalPath)).toEqual([true, true, true, true]);
});

describe('whatever the text', () => {
  const odd = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.string({ unit: 'grapheme-ascii', maxLength: 60 }),
    fc.constantFrom(
      '__proto__',
      'constructor',
      '\u0000',
      '"',
      '{',
      '\n',
      'x'.repeat(10_000),
      '1'.repeat(10_000),
    ),
  );
  test('no parser throws, and what may reach nginx.conf holds nothing but its alphabet', () => {
    fc.assert(
      fc.property(odd, (given) => {
        for (const parse of [
          boolean,
          onOff,
          bodySize,
          duration(1, 9),
          buffers,
          nextUpstream,
          headerName,
          cookieName,
          text(9),
          namespacedName,
          networkList,
          locationList,
          protocols,
        ])
          expect(typeof parse(given).ok).toBe('boolean');
        expect(value(host, given) ?? 'a').toMatch(/^(\*\.)?[a-z0-9.-]+$/);
        expect(value(cipherList, given) ?? 'a').toMatch(/^[A-Za-z0-9!:@+_-]+$/);
        for (const item of (value(addressList, given) as string[] | undefined) ?? [])
          expect(item).toMatch(/^[0-9a-f:.]+$/);
        expect(value(path, given) ?? '/').toMatch(/^\/\P{Cc}*$/u);
      }),
      { numRuns: 500 },
    );
  });
});
