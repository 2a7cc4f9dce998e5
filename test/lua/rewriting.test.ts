// Regular expressions and rewrites on the real server: which pattern takes a URI, and what endpoints are asked for.

import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pathPattern } from '../../src/options/grammar/path-pattern.ts';
import { type Backend, startBackend } from '../support/backend.ts';
import { eventually } from '../support/eventually.ts';
import { at, backend, delta, full, host, route, settings } from './support/documents.ts';
import { type Gateway, startGateway } from './support/gateway.ts';
import { regexHost, rewriteOf, rewritten, routesTo } from './support/regex-world.ts';

let gateway: Gateway;
let upstream: Backend;
let generation = 1;

beforeAll(async () => {
  upstream = await startBackend({ name: 'upstream' });
  gateway = await startGateway({
    servers: `lua_regex_match_limit 100000;
    server {
      listen 127.0.0.1:{port}; server_name compiled.test;
      location / { set $route "old"; proxy_pass http://01_shard; }
      location /same/ { set $route "old-same"; proxy_pass http://01_shard; }
      location = /gone { set $route "left@1"; proxy_pass http://01_shard; }
    }`,
  });
  const rewrites: readonly (readonly [string, string, string, string?])[] = [
    ['api', '/api(/|$)(.*)', '/$2', '/api'],
    ['constant', '/constant', '/fixed/x'],
    ['bare', '/bare(/.*)?', '$1', '$1'],
    ['twice', '/twice/(a)(b)?', '/$1-$2-$1$10'],
    ['prefix', '/prefix/(.*)', '/p', '/by/$1'],
    ['slow', '/slow/(a+)+$', '/never'],
  ];
  const answer = await gateway.post(
    full(at(1, generation), [
      settings(),
      backend('b', upstream.endpoint),
      ...rewrites.map(([id, pattern, target, prefix]) => rewritten(id, pattern, target, prefix)),
      ...routesTo(['long', 'digits', 'either', 'dot', 'plain', 'root', 'broken', 'after', 'old', 'same']),
      route('old-same', 'b', { stale: true }),
      route('denied', 'b', { denied: 'a gate', rewrite: rewriteOf('/denied', '/open') }),
      route('small', 'b', { bodySize: 10, rewrite: rewriteOf('/small', '/open') }),
      route('tls', 'b', { sslRedirect: true, rewrite: rewriteOf('/tls', '/open') }),
      regexHost(
        'rewrite.test',
        [...rewrites.map(([id, pattern]) => [pattern, id] as const), ['/denied', 'denied'] as const].concat([
          ['/small', 'small'],
          ['/tls', 'tls'],
        ]),
      ),
      regexHost('match.test', [
        ['/a/long/path', 'long'],
        ['/a/[0-9]+', 'digits'],
        ['/x1|/y1', 'either'],
        ['/d.t', 'dot'],
        ['/a', 'plain'],
      ]),
      regexHost('broken.test', [
        ['/shop/(x', 'broken'],
        ['/shop', 'after'],
        ['/', 'root'],
      ]),
      host('root.test', { '/': 'root' }),
      regexHost('app.test', [['/', 'root']], { appRoot: '/start/here' }),
    ]),
  );
  expect(answer.code).toBe(200);
});

afterAll(async () => {
  await gateway?.close();
  await upstream?.close();
});

/** Which route, by the rewrite that tells it. */
const seen = async (name: string, target: string) => {
  upstream.resetCounts();
  const { status } = await gateway.ask(name, target);
  return status === 200 ? upstream.last()?.url : status;
};

test.each([
  ['/api', '/'],
  ['/api/', '/'],
  ['/API/v1/Users?x=%2F&y', '/v1/Users?x=%2F&y'],
  ['/api/a//b/../c', '/a/c'],
  ['/apix', 404],
  ['/constant/whatever?q', '/fixed/x?q'],
  ['/bare/x/y', '/x/y'],
  ['/bare', '/'],
  ['/twice/ab', '/a-b-aa0'],
  ['/twice/ax', '/a--aa0'],
  // Decoded to match, and escaped again to be sent.
  ['/api/a%20b', '/a%20b'],
  ['/api/a%2Fb', '/a/b'],
  ['/api/100%25', '/100%25'],
  ['/api/q%3Fx=1', '/q%3Fx=1'],
  ['/api/%23', '/%23'],
  ['/api/%C3%BC', '/%C3%BC'],
  ['/api/%2525', '/%2525'],
  // "." takes no line feed.
  ['/api/a%0d%0aX-Evil:%201', '/a%0D'],
  ['/prefix/x', '/p'],
  ['/nothing', 404],
  ['/xapi/', 404],
])('rewrite.test%s is asked as %s', async (target, expected) => {
  expect(await seen('rewrite.test', target)).toBe(expected);
});

test('what a group caught never becomes a header or a line of its own', async () => {
  await put(rewritten('api', '/api(/|$)((?s).*)', '/$2', '/by/$2'));
  const response = await gateway.ask('rewrite.test', '/api/a%20HTTP/1.1%0d%0aX-Evil:%201%0d%0a%0d%0aGET%20/');
  const { url, headers } = response.json<{ url: string; headers: Record<string, string> }>();
  expect(url).toBe('/a%20HTTP/1.1%0D%0AX-Evil:%201%0D%0A%0D%0AGET%20/');
  expect(headers['x-evil']).toBeUndefined();
  expect(headers['x-forwarded-prefix']).toBe('/by/a HTTP/1.1%0D%0AX-Evil: 1%0D%0A%0D%0AGET /');
  await put(rewritten('api', '/api(/|$)(.*)', '/$2', '/api'));
});

test('a named group may be any of as many as a path may have', async () => {
  const text = `/api${'()'.repeat(48)}(/)(?<rest>.*)`;
  const reading = pathPattern(text);
  const position = reading.ok ? reading.value.groups.indexOf('rest') + 1 : 0;
  expect(position).toBe(50);
  await put(route('api', 'b', { rewrite: { pattern: text, target: ['/', position] } }));
  expect(await seen('rewrite.test', '/api/x/y')).toBe('/x/y');
  await put(rewritten('api', '/api(/|$)(.*)', '/$2', '/api'));
});

test('X-Forwarded-Prefix is what the route says, whatever the client says', async () => {
  const told = async (target: string) => {
    await gateway.ask('rewrite.test', target, { headers: { 'X-Forwarded-Prefix': '/client' } });
    return upstream.last()?.headers['x-forwarded-prefix'];
  };
  expect(await told('/api/x')).toBe('/api');
  expect(await told('/prefix/me')).toBe('/by/me');
  expect(await told('/bare')).toBeUndefined();
  expect(await told('/constant')).toBe('/client');
});

test('the rest of a route is in force as ever', async () => {
  expect(await seen('rewrite.test', '/denied/x')).toBe(503);
  const post = (body: string) => gateway.ask('rewrite.test', '/small', { method: 'POST', body });
  expect((await post('0123456789')).status).toBe(200);
  expect((await post('01234567890')).status).toBe(413);
  const redirected = await gateway.ask('rewrite.test', '/tls/x');
  expect([redirected.status, redirected.headers.location]).toEqual([308, 'https://rewrite.test/tls/x']);
});

test('a canary is asked for the rewritten path too', async () => {
  const canary = await startBackend({ name: 'canary' });
  try {
    await put(
      backend('canary', canary.endpoint),
      route('weighed', 'b', {
        rewrite: rewriteOf('/weighed(/.*)', '$1'),
        canaries: [{ backend: 'canary', header: 'x-canary', weight: 0, weightTotal: 100 }],
      }),
      regexHost('canary.test', [['/weighed(/.*)', 'weighed']]),
    );
    const ask = (value: string) =>
      gateway.ask('canary.test', '/weighed/x?y', { headers: { 'X-Canary': value } });
    expect((await ask('always')).json()).toMatchObject({ name: 'canary', url: '/x?y' });
    expect((await ask('never')).json()).toMatchObject({ name: 'upstream', url: '/x?y' });
  } finally {
    await canary.close();
  }
});

test('the first that matches at the start, whatever the case', async () => {
  // Each route is told by what it rewrites to.
  const routeOf = async (target: string) => {
    const answered = await seen('match.test', target);
    return typeof answered === 'string' ? answered.slice(1) : answered;
  };
  await put(
    ...['long', 'digits', 'either', 'dot', 'plain'].map((id) =>
      route(id, 'b', { rewrite: { pattern: '/', target: [`/${id}`] } }),
    ),
  );
  for (const [target, expected] of [
    ['/a/long/path/x', 'long'],
    ['/A/LONG/PATHx', 'long'],
    ['/a/77x', 'digits'],
    ['/a/x', 'plain'],
    ['/ax', 'plain'],
    ['/A', 'plain'],
    ['/x1', 'either'],
    // What stands after "|" is not bound to the start, as in nginx.
    ['/b/Y1', 'either'],
    ['/b/x1', 404],
    ['/dXt', 'dot'],
    ['/d.t', 'dot'],
    ['/', 404],
    ['/b', 404],
  ] as const)
    expect([target, await routeOf(target)]).toEqual([target, expected]);
});

test('a pattern that does not compile denies what begins as it does, and says so once', async () => {
  for (let i = 0; i < 5; i++) expect(await seen('broken.test', '/shop/x')).toBe(503);
  expect(await seen('broken.test', '/SHOP/y')).toBe(503);
  expect(await seen('broken.test', '/shop')).toBe('/shop');
  expect(await seen('broken.test', '/other')).toBe('/other');
  const log = await gateway.errorLog();
  const told = log.match(/the path of route broken cannot be matched: pcre/g) ?? [];
  // Once in each worker.
  expect(told.length).toBeGreaterThanOrEqual(1);
  expect(told.length).toBeLessThanOrEqual(2);
});

test('a pattern that would take for ever ends at its limit, with 503', async () => {
  expect(await seen('rewrite.test', '/slow/aaa')).toBe('/never');
  expect(await seen('rewrite.test', `/slow/${'a'.repeat(60)}!`)).toBe(503);
  expect(await seen('rewrite.test', '/api')).toBe('/');
});

test('a host with a thousand patterns tries only those that begin alike', async () => {
  const paths = Array.from({ length: 1000 }, (_, i) => [`/service-${i}/(v[0-9]+)`, `s${i}`] as const);
  await put(
    ...paths.map(([pattern, id], i) => rewritten(id, pattern, `/${i}/$1`)),
    regexHost('thousand.test', paths),
  );
  for (const i of [0, 7, 77, 999]) expect(await seen('thousand.test', `/Service-${i}/v2`)).toBe(`/${i}/v2`);
  expect(await seen('thousand.test', '/service-1000/v2')).toBe(404);
});

test('requests for / are redirected to the app-root, without their query', async () => {
  const redirected = await gateway.ask('app.test:8080', '/?a=b');
  expect([redirected.status, redirected.headers.location]).toEqual([302, 'http://app.test:8080/start/here']);
  expect(await seen('app.test', '/start/here')).toBe('/start/here');
  const secure = await gateway.ask('app.test', '/', { port: gateway.tlsPort, tls: {} });
  expect(secure.headers.location).toBe('https://app.test/start/here');
});

test('a compiled host that has become one of patterns: no request goes on with the wrong URI', async () => {
  await put(route('old', 'b'), host('compiled.test', { '/': 'old' }));
  expect(await seen('compiled.test', '/x')).toBe('/x');
  await put(
    route('old', 'b', { stale: true, rewrite: rewriteOf('/(x.*)', '/new/$1') }),
    rewritten('new', '/(x.*)', '/new/$1'),
    regexHost('compiled.test', [
      ['/(x.*)', 'new'],
      ['/same', 'same'],
      ['/broken(', 'broken'],
    ]),
  );
  expect(await seen('compiled.test', '/x')).toBe(503);
  expect(await seen('compiled.test', '/same/x')).toBe('/same/x');
  expect(await seen('compiled.test', '/gone')).toBe(404);
  expect(await seen('compiled.test', '/broken(')).toBe(503);
  await put(regexHost('compiled.test', [['/(x.*)', 'new']], { appRoot: '/start' }));
  // A redirect cannot be made up for there, but nothing is wrong with serving as before.
  expect(await seen('compiled.test', '/')).toBe('/');
});

test.each([
  ['another rewrite', '/upload/(.*)', '/other/$1', '503'],
  ['another pattern to the same end', '/upload/([a-z]*)', '/api/$1', '200'],
  ['no route', '/elsewhere/(.*)', '/api/$1', '404'],
])(
  'a rewritten upload meets %s: what was asked for is matched again, not what it became',
  async (_, pattern, target, status) => {
    generation += 1;
    await gateway.post(
      delta(
        at(1, generation - 1),
        at(1, generation),
        [
          rewritten('leaving', '/upload(/.*)', '/api$1'),
          regexHost('leaving.test', [
            ['/upload(/.*)', 'leaving'],
            ['/api', 'root'],
          ]),
        ],
        ['route:coming'],
      ),
    );
    const socket = connect(gateway.port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
    });
    const lines = [
      'POST /upload/x HTTP/1.1',
      'Host: leaving.test',
      'Content-Length: 4',
      'Expect: 100-continue',
    ];
    socket.write(`${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`);
    // It is said when the body is waited for, so the request has been matched and rewritten.
    await eventually('the body is asked for', () => answer.startsWith('HTTP/1.1 100'));
    answer = '';
    generation += 1;
    const changed = [
      rewritten('coming', pattern, target),
      regexHost('leaving.test', [
        [pattern, 'coming'],
        ['/api', 'root'],
      ]),
    ];
    await gateway.post(delta(at(1, generation - 1), at(1, generation), changed, ['route:leaving']));
    socket.write('body');
    await eventually('an answer', () => answer.includes('\r\n\r\n'));
    socket.destroy();
    expect(answer.slice(0, 12)).toBe(`HTTP/1.1 ${status}`);
    if (status === '200') expect(upstream.last()?.url).toBe('/api/x');
  },
);

async function put(...documents: Parameters<typeof delta>[2][number][]): Promise<void> {
  generation += 1;
  const answer = await gateway.post(delta(at(1, generation - 1), at(1, generation), documents));
  expect(answer.status).toMatchObject({ applied: true });
}
