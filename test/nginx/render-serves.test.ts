// The rendered file in a real nginx: accepted without a word, and sending upstreams what ingress-nginx sends. The
// Lua here only names the one backend: what is looked at is what the file says by itself.
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Model, Server } from '../../src/model/model.ts';
import type { Settings } from '../../src/model/settings.ts';
import { profileName } from '../../src/render/profile.ts';
import { createRenderer } from '../../src/render/render.ts';
import { type Backend, type Seen, startBackend } from '../support/backend.ts';
import { makeAuthority, makeLeaf } from '../support/certs.ts';
import { type RawRequest, type RawResponse, request } from '../support/http-client.ts';
import { masterArguments, type NginxProcess, startNginx } from '../support/nginx-process.ts';
import { freePorts } from '../support/ports.ts';
import {
  builtinTemplates,
  makeModel,
  makeServer,
  PLAIN_LEAF,
  PROFILE,
  RUNTIME,
  SETTINGS,
} from '../unit/render/sample-model.ts';

type NginxPlace = { readonly prefix: string; readonly nginx: NginxProcess['nginx'] };

const render = createRenderer(builtinTemplates());
const certificates = new Map([
  ['default/tls', { id: 'default/tls', chain: '', key: '', notAfter: '', ...PLAIN_LEAF }],
]);
let backend: Backend;
let nginx: NginxProcess;
let ports: { readonly http: number; readonly https: number };

beforeAll(async () => {
  backend = await startBackend({ name: 'one' });
  const [http = 0, https = 0] = await freePorts(2);
  ports = { http, https };
  const leaf = await makeLeaf(await makeAuthority(), { names: ['default.example'] });
  nginx = await startNginx({
    config: (place) => textOf(place, withSettings({})),
    waitFor: http,
    files: {
      'state/tls/default.crt': leaf.cert,
      'state/tls/default.key': leaf.key,
      'run/.keep': '',
      'control/.keep': '',
      'tmp/.keep': '',
      'lua/ingress.lua': stubOf(backend.port),
    },
  });
});

afterAll(async () => {
  await nginx?.cleanup();
  await backend?.close();
});

function stubOf(port: number): string {
  return `local balancer = require("ngx.balancer")
local ssl = require("ngx.ssl")
local function nothing() end
local chain, key
local function read(path) return assert(io.open(path, "rb")):read("*a") end
return {
  init = function(options)
    chain = read(options.prefix .. "/state/tls/default.crt")
    key = read(options.prefix .. "/state/tls/default.key")
  end,
  init_worker = nothing,
  certificate = function()
    assert(ssl.clear_certs())
    assert(ssl.set_cert(assert(ssl.parse_pem_cert(chain))))
    assert(ssl.set_priv_key(assert(ssl.parse_pem_priv_key(key))))
  end,
  config = nothing,
  straight = function()
    if ngx.var.host ~= "straight.example" then return "" end
    ngx.var.route = "interpreted"
    return "00_shard"
  end,
  route = function()
    ngx.var.route = "interpreted"
    ngx.var.shard = "00_shard"
    return ngx.exec("@${profileName(PROFILE)}")
  end,
  balance = function() assert(balancer.set_current_peer("127.0.0.1", ${port})) end,
}
`;
}

function withSettings(
  settings: Partial<Settings>,
  servers: readonly Server[] = [both('shop.example')],
): Model {
  const own = {
    httpPort: ports.http,
    httpsPort: ports.https,
    bindAddresses: ['127.0.0.1'],
    workerProcesses: 1,
  };
  return makeModel(servers, {
    settings: { ...SETTINGS, ...own, maxWorkerConnections: 256, ...settings },
    certificates,
  });
}

function both(host: string): Server {
  return { ...makeServer(host, ['/a/', '/only']), certificate: 'default/tls' };
}

function textOf({ prefix, nginx: binary }: NginxPlace, model: Model): string {
  const split = (list: string): string[] => list.split(';').filter((entry) => entry !== '');
  const runtime = {
    ...RUNTIME,
    prefix,
    modules: binary.modules,
    luaPath: split(binary.luaPath),
    luaCpath: split(binary.luaCpath),
    luaFolder: `${prefix}/lua`,
    documentsSize: 1_048_576,
  };
  const rendered = render(model, { runtime, compile: new Set(model.servers.keys()) });
  return rendered.files.texts.get('conf/nginx.conf') ?? '';
}

function ask(options: Omit<RawRequest, 'port'>): Promise<RawResponse> {
  return request({ port: options.tls === undefined ? ports.http : ports.https, ...options });
}

async function seenFor(options: Omit<RawRequest, 'port'>): Promise<Seen['headers']> {
  const answer = await ask(options);
  expect(answer.status).toBe(200);
  return answer.json<Seen>().headers;
}

async function restartWith(settings: Partial<Settings>): Promise<void> {
  await nginx.stop();
  await nginx.writeConfig(textOf(nginx, withSettings(settings)));
  await nginx.start();
}

test.each<[string, Partial<Settings>, readonly Server[]]>([
  ['defaults', {}, [both('a.example')]],
  ['no hosts', {}, []],
  ['forwarded headers', { useForwardedHeaders: true, computeFullForwardedFor: true }, []],
  [
    'everything off',
    { hsts: null, http2: false, accessLog: false, ipv6: false, upstreamKeepaliveConnections: 0 },
    [],
  ],
  ['limits', { maxWorkerOpenFiles: 1024, keepAlive: 0, serverTokens: true, underscoresInHeaders: true }, []],
  [
    'two buffers',
    { defaults: { ...SETTINGS.defaults, profile: { ...PROFILE, buffersNumber: 2, nextUpstream: ['off'] } } },
    [],
  ],
  ['long names', {}, [both(`${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(57)}`)]],
  [
    'many names',
    {},
    Array.from({ length: 500 }, (_, number) => makeServer(`host-${number}.some.domain.example`)),
  ],
])('nginx takes a file with %s without a warning', async (_, settings, servers) => {
  const text = textOf(nginx, withSettings(settings, servers));
  const file = join(nginx.prefix, 'tested.conf');
  await writeFile(file, text);
  const args = masterArguments(nginx.prefix).map((arg) => (arg.endsWith('nginx.conf') ? file : arg));
  const tried = spawnSync(nginx.nginx.binary, ['-t', ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...nginx.nginx.env },
  });
  expect(tried.stderr).not.toMatch(/\[(?:warn|error|emerg)\]/);
  expect(tried.status).toBe(0);
});

test.each([
  ['compiled', 'shop.example'],
  ['interpreted', 'other.example'],
  ['interpreted, the short way', 'straight.example'],
])('what an upstream is told of a plain request, %s', async (_, host) => {
  const headers = await seenFor({
    host,
    target: '/a/x?q=1',
    headers: {
      'X-Forwarded-For': '1.2.3.4',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Host': 'evil.example',
      'X-Forwarded-Port': '1',
      Proxy: 'evil',
      'X-Under_Score': '1',
    },
  });
  expect(headers).toMatchObject({
    host,
    'x-real-ip': '127.0.0.1',
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-host': host,
    'x-forwarded-port': String(ports.http),
    'x-forwarded-proto': 'http',
    'x-forwarded-scheme': 'http',
    'x-scheme': 'http',
    'x-original-forwarded-for': '1.2.3.4',
    'x-original-forwarded-host': 'evil.example',
    'x-request-id': expect.stringMatching(/^[0-9a-f]{32}$/),
  });
  for (const absent of ['proxy', 'connection', 'upgrade', 'x-under_score'])
    expect(headers[absent]).toBeUndefined();
});

test('a request id is kept, the port in Host too, the URI as it came', async () => {
  const answer = await ask({
    host: 'shop.example:8080',
    target: '/a/%41/../b//c?x=%20',
    headers: { 'X-Request-ID': 'mine' },
  });
  const seen = answer.json<Seen>();
  expect(seen.url).toBe('/a/%41/../b//c?x=%20');
  expect(seen.headers).toMatchObject({ host: 'shop.example:8080', 'x-request-id': 'mine' });
});

test('over TLS: the usual port, https, and our HSTS instead of the upstream’s', async () => {
  backend.behave({ headers: { 'Strict-Transport-Security': 'max-age=1' } });
  for (const host of ['shop.example', 'other.example', 'straight.example']) {
    const answer = await ask({ host, target: '/only', tls: { servername: host } });
    expect(answer.json<Seen>().headers).toMatchObject({
      'x-forwarded-port': '443',
      'x-forwarded-proto': 'https',
      'x-scheme': 'https',
    });
    expect(answer.headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains');
  }
  const missing = await ask({ host: 'shop.example', target: '/none', tls: { servername: 'shop.example' } });
  expect([missing.status, missing.headers['strict-transport-security']]).toEqual([
    404,
    'max-age=31536000; includeSubDomains',
  ]);
  const plain = await ask({ host: 'shop.example', target: '/only' });
  expect(plain.headers['strict-transport-security']).toBeUndefined();
  backend.behave({});
});

test('a compiled host answers 404 beside its paths and redirects to a prefix without naming our port', async () => {
  expect((await ask({ host: 'shop.example', target: '/only/more' })).status).toBe(404);
  expect((await ask({ host: 'shop.example', target: '/' })).status).toBe(404);
  const redirect = await ask({ host: 'shop.example', target: '/a?x=1' });
  expect([redirect.status, redirect.headers.location]).toEqual([301, 'http://shop.example/a/?x=1']);
});

test('a body over the limit is refused in a compiled location', async () => {
  const answer = await ask({
    method: 'POST',
    host: 'shop.example',
    target: '/a/',
    headers: { 'Content-Length': String(PROFILE.bodySize + 1) },
  });
  expect(answer.status).toBe(413);
});

test('the peers of last resort answer', async () => {
  for (const status of [404, 503]) {
    const answer = await ask({ socketPath: join(nginx.prefix, `run/${status}.sock`) });
    expect([answer.status, answer.headers.connection]).toEqual([status, 'close']);
  }
});

test('forwarded headers are believed when the operator says so', async () => {
  await restartWith({ useForwardedHeaders: true });
  const headers = {
    'X-Forwarded-For': '1.2.3.4, 5.6.7.8',
    'X-Forwarded-Proto': 'https',
    'X-Forwarded-Host': 'outer.example, inner.example',
    'X-Forwarded-Port': '444',
  };
  expect(await seenFor({ host: 'shop.example', target: '/only', headers })).toMatchObject({
    host: 'outer.example',
    'x-forwarded-host': 'outer.example',
    'x-forwarded-for': '1.2.3.4',
    'x-real-ip': '1.2.3.4',
    'x-forwarded-proto': 'https',
    'x-forwarded-port': '444',
  });
  expect(await seenFor({ host: 'shop.example', target: '/only' })).toMatchObject({
    host: 'shop.example',
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'http',
    'x-forwarded-port': String(ports.http),
  });
  await restartWith({ useForwardedHeaders: true, computeFullForwardedFor: true });
  expect(await seenFor({ host: 'shop.example', target: '/only', headers })).toMatchObject({
    'x-forwarded-for': '1.2.3.4, 5.6.7.8, 127.0.0.1',
  });
});
