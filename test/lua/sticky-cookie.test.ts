// The cookie of a sticky session: its attributes, its neighbours, and what clients send in its place.

import { beforeAll, expect, test } from '@jest/globals';
import type { AffinityBody } from '../../src/model/document.ts';
import { startBackend } from '../support/backend.ts';
import type { RawRequest } from '../support/http-client.ts';
import { backend, route } from './support/documents.ts';
import { openShop } from './support/shop.ts';
import { STICKY, setCookies } from './support/visitors.ts';

const VALUE = /^SESSION=([0-9a-f]{16}|[0-9a-f]{32})\|[0-9a-f]{16}$/;

const { gateway, upstreams, put, ask } = openShop(['one', 'two', 'three']);
beforeAll(() => put(backend('b', ...upstreams().map(({ endpoint }) => endpoint))));
const sticky = (affinity: Partial<AffinityBody> = {}) =>
  put(route('r', 'b', { affinity: { ...STICKY, ...affinity } }));

/** The one Set-Cookie: its value, and its attributes in alphabetical order. */
async function begun(more: Partial<RawRequest> = {}): Promise<readonly [string, ...string[]]> {
  const lines = setCookies(await ask(more));
  expect(lines).toHaveLength(1);
  const [value = '', ...attributes] = (lines[0] ?? '').split('; ');
  return [value, ...attributes.sort()];
}

test('a cookie of the browser session is as plain as can be', async () => {
  await sticky();
  expect(await begun()).toEqual([expect.stringMatching(VALUE), 'HttpOnly', 'Path=/']);
  await sticky({ mode: 'persistent' });
  const [value] = await begun();
  expect(value).toMatch(VALUE);
  for (const { port } of upstreams()) expect(value).not.toContain(String(port));
});

test('path, domain, name, ages', async () => {
  await sticky({ name: 'route', path: '/a b', domain: 'shop.test', maxAge: 60, expires: 3600 });
  const [value, ...attributes] = await begun();
  expect(value).toMatch(/^route=/);
  const [domain, expires = '', ...rest] = attributes;
  expect(domain).toBe('Domain=shop.test');
  expect(rest).toEqual(['HttpOnly', 'Max-Age=60', 'Path=/a b']);
  const ends = Date.parse(expires.replace(/^Expires=\w+, (\d+)-(\w+)-(\d+) /, '$1 $2 20$3 '));
  expect(Math.abs(ends - Date.now() - 3_600_000)).toBeLessThan(60_000);
  await sticky({ maxAge: -1 });
  expect(await begun()).toContain('Max-Age=-1');
});

test('secure as the client came, or as it is said', async () => {
  const tls = { port: gateway().tlsPort, tls: {} };
  await sticky();
  expect(await begun(tls)).toContain('Secure');
  expect(await begun({ headers: { 'X-Forwarded-Proto': 'https' } })).toContain('Secure');
  expect(await begun()).not.toContain('Secure');
  await sticky({ secure: false });
  expect(await begun(tls)).not.toContain('Secure');
  await sticky({ secure: true });
  expect(await begun()).toContain('Secure');
});

test('SameSite, and for browsers that misread None nothing, if that is asked for', async () => {
  const old = { headers: { 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64) Chrome/60.0.1 Safari/537.36' } };
  await sticky({ sameSite: 'Lax', conditionalSameSiteNone: true });
  expect(await begun(old)).toContain('SameSite=Lax');
  await sticky({ sameSite: 'None' });
  expect(await begun(old)).toContain('SameSite=None');
  await sticky({ sameSite: 'None', conditionalSameSiteNone: true });
  expect((await begun(old)).join()).not.toContain('SameSite');
  expect(await begun()).toContain('SameSite=None');
});

const SAFARI = 'AppleWebKit/605.1.15 (KHTML, like Gecko)';
const misread: readonly (readonly [boolean, string])[] = [
  [
    true,
    `Mozilla/5.0 (iPhone; CPU iPhone OS 12_1 like Mac OS X) ${SAFARI} Version/12.0 Mobile/15E148 Safari/604.1`,
  ],
  [true, `Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) ${SAFARI} CriOS/80.0 Mobile/15E148 Safari/604.1`],
  [
    false,
    `Mozilla/5.0 (iPhone; CPU iPhone OS 13_1 like Mac OS X) ${SAFARI} Version/13.0 Mobile/15E148 Safari/604.1`,
  ],
  [
    false,
    `Mozilla/5.0 (iPhone; CPU iPhone OS 11_12_1 like Mac OS X) ${SAFARI} Version/11.0 Mobile/1 Safari/604.1`,
  ],
  [true, `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_14_6) ${SAFARI} Version/12.1.2 Safari/605.1.15`],
  [true, `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_14) ${SAFARI}`],
  [false, `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_14_6) ${SAFARI} Chrome/80.0.3987 Safari/537.36`],
  [false, `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${SAFARI} Version/13.1 Safari/605.1.15`],
  [false, `Mozilla/5.0 (Macintosh; Intel Mac OS X 10.14; rv:80.0) Gecko/20100101 Firefox/80.0`],
  [false, 'Mozilla/5.0 (X11; Linux x86_64) Chrome/50.0.2661.102 Safari/537.36'],
  [true, 'Mozilla/5.0 (X11; Linux x86_64) Chrome/51.0.2704.79 Safari/537.36'],
  [true, 'Mozilla/5.0 (X11; Linux x86_64) Chromium/66.0.3359.181 Safari/537.36'],
  [false, 'Mozilla/5.0 (X11; Linux x86_64) Chrome/67.0.3396.62 Safari/537.36'],
  [false, 'Mozilla/5.0 (X11; Linux x86_64) Chrome/510.0.0.0 Safari/537.36'],
  [true, 'Mozilla/5.0 (Linux; U; Android 9) Chrome/78.0.1 UCBrowser/12.13.1.1189 Mobile Safari/537.36'],
  [true, 'Mozilla/5.0 (Linux; U; Android 9) Chrome/78.0.1 UCBrowser/11.99.9 Mobile Safari/537.36'],
  [false, 'Mozilla/5.0 (Linux; U; Android 9) Chrome/57.0.1 UCBrowser/12.13.2.1005 Mobile Safari/537.36'],
  [false, 'Mozilla/5.0 (Linux; U; Android 9) Chrome/57.0.1 UCBrowser/13.0.0.1288 Mobile Safari/537.36'],
  [false, 'curl/8.5.0'],
  [false, ''],
];

test.each(misread)('misreads None: %s, %s', async (expected, agent) => {
  const lua = `return { require("ingress.same_site")(${JSON.stringify(agent)}) }`;
  expect(await gateway().run(lua)).toEqual([expected]);
});

test("the upstream's own cookies arrive beside ours, each once", async () => {
  await sticky();
  const cookie = await startBackend({ name: 'cookie' });
  try {
    cookie.behave({ headers: { 'Set-Cookie': 'own=1; Path=/' } });
    await put(backend('c', cookie.endpoint), route('r', 'c', { affinity: STICKY }));
    const lines = setCookies(await ask());
    expect(lines).toHaveLength(2);
    expect(lines).toContain('own=1; Path=/');
    expect(lines.filter((line) => line.startsWith('SESSION='))).toHaveLength(1);
    const [pair = ''] = lines.find((line) => line.startsWith('SESSION='))?.split(';') ?? [];
    expect(setCookies(await ask({ headers: { Cookie: pair } }))).toEqual(['own=1; Path=/']);
  } finally {
    await cookie.close();
  }
});

test('what is not exactly of our form is no session', async () => {
  await sticky();
  const [pair] = await begun();
  const [key = '', tag = ''] = pair.slice('SESSION='.length).split('|');
  const silent = async (cookie: string) => {
    const response = await ask({ headers: { Cookie: cookie } });
    expect(response.status).toBe(200);
    return setCookies(response).length === 0;
  };
  const good = `${key}|${tag}`;
  for (const cookie of [
    `SESSION=${good}`,
    `a=b; SESSION=${good}; c=d`,
    `a=b;SESSION=${good};c=d`,
    `SESSION=${'f'.repeat(16)}|${'0'.repeat(16)}; SESSION=${good}`,
    `SESSION=; SESSION=${good}`,
    `SESSION=other; XSESSION=${good}; SESSION=${good}`,
  ]) {
    expect([cookie, await silent(cookie)]).toEqual([cookie, true]);
  }
  for (const value of [
    '',
    '|',
    key,
    `${key}|`,
    `|${tag}`,
    `${key}|${tag}0`,
    `${key}|${tag} x`,
    `${key}0|${tag}`,
    `${key.slice(1)}|${tag}`,
    `${good}|${tag}`,
    `"${good}"`,
    good.toUpperCase().replaceAll(/\d/g, 'A'),
    `${key}|${'0'.repeat(16)}`,
    `%s%n%99999d|${tag}`,
    '../../etc/passwd',
    '\x80\xff\t',
    '(.*'.repeat(500),
    'a'.repeat(7000),
    `${'a'.repeat(7000)}|${tag}`,
  ]) {
    expect([value, await silent(`SESSION=${value}`)]).toEqual([value, false]);
  }
  for (const cookie of [
    `XSESSION=${good}`,
    `X-SESSION=${good}`,
    `session=${good}`,
    `a=SESSION=${good}`,
    `${'SESSION=x; '.repeat(500)}SESSION=${good}`,
  ]) {
    expect([cookie, await silent(cookie)]).toEqual([cookie, false]);
  }
});

test('a key made up by a client is a session like any other', async () => {
  await sticky();
  const [, tag] = (await begun())[0].split('|');
  const cookie = `SESSION=0123456789abcdef|${tag}`;
  const names = new Set<string>();
  for (let i = 0; i < 8; i++)
    names.add((await ask({ headers: { Cookie: cookie } })).headers['x-backend'] ?? '');
  expect(names.size).toBe(1);
});
