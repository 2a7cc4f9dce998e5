// The way to an API server: trust, credentials that others renew while we run, proxies, deadlines, and one pool of
// connections for all of it.
import { readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createExecPlugin, type ExecRecipe } from '../../../../src/sources/kubernetes/access/exec-plugin.ts';
import { environmentProxy } from '../../../../src/sources/kubernetes/access/proxy.ts';
import { type Cluster, type ClusterParts, openCluster } from '../../../../src/sources/kubernetes/cluster.ts';
import { type Authority, makeAuthority, makeLeaf } from '../../../support/certs.ts';
import { type ApiServer, answerJson, answerStatus, createApiServer } from './support/api-server.ts';
import { kubeconfig } from './support/world.ts';

const { signal } = new AbortController();
const said: string[] = [];
const log: ClusterParts['log'] = {
  debug: (...words: readonly unknown[]) => void said.push(JSON.stringify(words)),
  info: (...words: readonly unknown[]) => void said.push(JSON.stringify(words)),
  warn: (...words: readonly unknown[]) => void said.push(JSON.stringify(words)),
};

let folder: string;
let ends: (() => Promise<unknown>)[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cluster-'));
  ends = [() => rm(folder, { recursive: true })];
  said.length = 0;
});
afterEach(async () => {
  for (const end of ends.reverse()) await end();
});

async function server(options: Parameters<typeof createApiServer>[0] = {}): Promise<ApiServer> {
  const api = await createApiServer(options);
  ends.push(() => api.stop());
  return api;
}

async function open(text: string, env: Readonly<Record<string, string>> = {}): Promise<Cluster> {
  await writeFile(join(folder, 'kubeconfig'), text);
  const opened = await openCluster({ kubeconfig: join(folder, 'kubeconfig'), context: null }, { log, env });
  if (!('cluster' in opened)) throw new Error(opened.message);
  ends.push(() => opened.cluster.close());
  return opened.cluster;
}

/** The status, or why there is none. */
async function get(cluster: Cluster, path = '/api/v1/services'): Promise<number | string> {
  const answer = await cluster.request({ method: 'GET', path, signal, headersTimeout: 2_000 });
  if (answer.outcome === 'unreachable') return answer.message;
  await answer.discard();
  return answer.status;
}

/** Lets in only who has this header. */
function demand(api: ApiServer, right: () => string): void {
  api.script(({ headers }, response) => {
    if (headers.authorization === right()) return false;
    answerStatus(response, 401, 'Unauthorized', 'Unauthorized');
    return true;
  });
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

async function mutualTls(authority: Authority): Promise<ApiServer> {
  const leaf = await makeLeaf(authority, { names: ['kubernetes.test', '127.0.0.1'] });
  return server({
    tls: { cert: leaf.cert, key: leaf.key, ca: authority.cert, requestCert: true, rejectUnauthorized: true },
  });
}

test('few connections for many exchanges after each other, and the path of the server before each', async () => {
  const api = await server();
  api.script((request, response) => {
    answerJson(response, 200, { path: request.path });
    return true;
  });
  const cluster = await open(kubeconfig({ server: `${api.url}/k8s/clusters/c1/`, namespace: 'shop' }));
  expect(cluster.name).toBe(new URL(api.url).host);
  expect(cluster.namespace).toBe('shop');
  for (let count = 0; count < 20; count += 1) expect(await get(cluster)).toBe(200);
  expect(api.requests[0]?.path).toBe('/k8s/clusters/c1/api/v1/services');
  expect(new Set(api.requests.map(({ socket }) => socket)).size).toBeLessThan(4);
});

test('after a silence no connection that lay idle beside it is used again', async () => {
  const api = await server();
  let silent = false;
  const mute = new Set<unknown>();
  api.script((request, response) => {
    // What was cut off without a FIN goes on looking alive.
    if (silent) for (const { socket } of api.requests) mute.add(socket);
    silent = false;
    if (mute.has(request.socket)) return true;
    setTimeout(() => answerJson(response, 200, {}), 50);
    return true;
  });
  const cluster = await open(kubeconfig({ server: api.url }));
  expect(await Promise.all([1, 2, 3].map(() => get(cluster)))).toEqual([200, 200, 200]);
  silent = true;
  const cut = await cluster.request({ method: 'GET', path: '/x', signal, headersTimeout: 300 });
  expect(cut).toMatchObject({
    outcome: 'unreachable',
    message: expect.stringContaining('no answer in time'),
  });
  expect(mute.size).toBeGreaterThan(2);
  expect(await Promise.all([1, 2, 3].map(() => get(cluster)))).toEqual([200, 200, 200]);
});

test('a body goes out as it is given, with its type', async () => {
  const api = await server();
  const cluster = await open(kubeconfig({ server: api.url }));
  const got: string[] = [];
  api.script((request, response) => {
    got.push(request.method, request.headers['content-type'] ?? '', request.headers['content-length'] ?? '');
    answerJson(response, 200, { much: 'x'.repeat(100_000) });
    return true;
  });
  const contentType = 'application/merge-patch+json';
  const answer = await cluster.request({ method: 'PATCH', path: '/x', body: '{"a":1}', contentType, signal });
  if (answer.outcome !== 'answer') throw new Error(answer.message);
  expect(await answer.text()).toEqual({
    outcome: 'text',
    text: JSON.stringify({ much: 'x'.repeat(100_000) }),
  });
  expect(got).toEqual(['PATCH', contentType, '7']);
});

test('client certificate and CA from files; renewed files are used by the next exchange', async () => {
  const [first, second] = await Promise.all([makeAuthority('first'), makeAuthority('second')]);
  const api = await mutualTls(first);
  const write = async (authority: Authority): Promise<void> => {
    const pair = await makeLeaf(authority, { names: ['controller'] });
    await writeFile(join(folder, 'client.crt'), pair.cert);
    await writeFile(join(folder, 'client.key'), pair.key);
  };
  await write(second);
  await writeFile(join(folder, 'ca.crt'), first.cert);
  const text = kubeconfig({
    server: api.url,
    cluster: { 'certificate-authority': 'ca.crt' },
    user: { 'client-certificate': 'client.crt', 'client-key': join(folder, 'client.key') },
  });
  const cluster = await open(text);
  expect(typeof (await get(cluster))).toBe('string');
  await write(first);
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  expect(await get(cluster)).toBe(200);
  expect(said.join()).not.toContain('PRIVATE');
});

test('certificates in the kubeconfig itself, a name to verify, and no verification at all', async () => {
  const [authority, other] = await Promise.all([makeAuthority(), makeAuthority('other')]);
  const api = await mutualTls(authority);
  const pair = await makeLeaf(authority, { names: ['controller'] });
  const user = { 'client-certificate-data': base64(pair.cert), 'client-key-data': base64(pair.key) };
  const trust = (ca: Authority) => ({ 'certificate-authority-data': base64(ca.cert) });
  const tries: [Readonly<Record<string, unknown>>, number | string][] = [
    [trust(authority), 200],
    [{ ...trust(authority), 'tls-server-name': 'kubernetes.test' }, 200],
    [
      { ...trust(authority), 'tls-server-name': 'elsewhere.test' },
      "the API server's certificate is for other names",
    ],
    [trust(other), "the API server's certificate is not signed by the given CA"],
    [{ 'insecure-skip-tls-verify': true }, 200],
  ];
  for (const [cluster, outcome] of tries) {
    expect(await get(await open(kubeconfig({ server: api.url, cluster, user })))).toBe(outcome);
  }
  expect(said.join()).toContain('not verified');
});

test('half of a new pair does not replace the old one, and a pair that is none is refused at the start', async () => {
  const authority = await makeAuthority();
  const api = await mutualTls(authority);
  const [old, next] = await Promise.all([1, 2].map(() => makeLeaf(authority, { names: ['controller'] })));
  if (old === undefined || next === undefined) throw new Error('two pairs');
  const write = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);
  await write('client.crt', old.cert);
  await write('client.key', next.key);
  await write('ca.crt', authority.cert);
  const text = kubeconfig({
    server: api.url,
    cluster: { 'certificate-authority': 'ca.crt' },
    user: { 'client-certificate': 'client.crt', 'client-key': 'client.key' },
  });
  await writeFile(join(folder, 'kubeconfig'), text);
  const tryOpen = () =>
    openCluster({ kubeconfig: join(folder, 'kubeconfig'), context: null }, { log, env: {} });
  expect(await tryOpen()).toMatchObject({
    message: expect.stringContaining('client-certificate and client-key are not of one pair'),
  });
  await write('client.key', 'what');
  expect(await tryOpen()).toMatchObject({
    message: expect.stringContaining('client-key holds no private key'),
  });
  await write('client.key', old.key);

  const cluster = await open(text);
  expect(await get(cluster)).toBe(200);
  await write('client.crt', next.cert);
  await write('ca.crt', 'nothing');
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  expect(await get(cluster)).toBe(200);
  await write('ca.crt', authority.cert);
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  expect(await get(cluster)).toBe(200);
  const complaints = said.filter((sentence) => sentence.includes('what was there before stays in use'));
  expect(complaints).toEqual([
    expect.stringContaining('certificate-authority holds no certificate'),
    expect.stringContaining('not of one pair'),
  ]);
});

test('an exec plugin that fails is no reason not to start; one that is not there is', async () => {
  const api = await server();
  demand(api, () => 'Bearer later');
  await plugin({}, 'exit 3');
  const text = (command: string): string =>
    kubeconfig({
      server: api.url,
      user: { exec: { apiVersion: 'client.authentication.k8s.io/v1', command } },
    });
  const cluster = await open(text('./plugin'), { PATH: process.env.PATH ?? '' });
  expect(said.join()).toContain('the exec plugin plugin ended with status 3');
  expect(await get(cluster)).toBe('the exec plugin plugin ended with status 3');
  // Everything that asks the API server would run it at the same time.
  expect(runs()).toBe(1);
  await plugin();
  await credential({ token: 'later' });
  await new Promise((resolve) => setTimeout(resolve, 2_100));
  expect(await get(cluster)).toBe(200);

  await writeFile(join(folder, 'kubeconfig'), text('./absent'));
  const options = { kubeconfig: join(folder, 'kubeconfig'), context: null };
  expect(await openCluster(options, { log, env: {} })).toMatchObject({
    message: 'the exec plugin absent cannot be started (ENOENT)',
  });
});

test('a token file is read again when the API server refuses what it held', async () => {
  const api = await server();
  let token = 'first';
  demand(api, () => `Bearer ${token}`);
  await writeFile(join(folder, 'token'), 'first\n');
  const cluster = await open(kubeconfig({ server: api.url, user: { tokenFile: 'token' } }));
  expect(await get(cluster)).toBe(200);
  token = 'second';
  await writeFile(join(folder, 'token'), 'second\n');
  expect(await get(cluster)).toBe(200);
  expect(api.requests).toHaveLength(3);
  token = 'third';
  expect(await get(cluster)).toBe(401);
  expect(api.requests).toHaveLength(5);
  expect(said.join()).not.toMatch(/first|second|third/);
});

test('a kubeconfig that is replaced counts; one that is broken does not', async () => {
  const api = await server();
  demand(api, () => 'Bearer new');
  const cluster = await open(kubeconfig({ server: api.url, user: { token: 'old' } }));
  expect(await get(cluster)).toBe(401);
  await writeFile(join(folder, 'kubeconfig'), kubeconfig({ server: api.url, user: { token: 'new' } }));
  expect(await get(cluster)).toBe(200);
  await writeFile(join(folder, 'kubeconfig'), '{');
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  expect(await get(cluster)).toBe(200);
});

test('user and password, and impersonation', async () => {
  const api = await server();
  const user = { username: 'ann', password: 'secret', as: 'bob', 'as-uid': '7' };
  const cluster = await open(kubeconfig({ server: api.url, user }));
  await get(cluster);
  const headers: IncomingHttpHeaders = api.requests[0]?.headers ?? {};
  expect(headers.authorization).toBe(`Basic ${base64('ann:secret')}`);
  expect([headers['impersonate-user'], headers['impersonate-uid']]).toEqual(['bob', '7']);
});

/** A plugin that counts its runs and prints what the file `credential` holds. */
async function plugin(more: Partial<ExecRecipe> = {}, body = ''): Promise<ExecRecipe> {
  const command = join(folder, 'plugin');
  await writeFile(
    command,
    `#!/bin/sh\necho run >> ${folder}/runs\nprintf '%s' "$KUBERNETES_EXEC_INFO" > ${folder}/info\n${body}\nsleep 0.1\ncat ${folder}/credential\n`,
  );
  await chmod(command, 0o700);
  const apiVersion = 'client.authentication.k8s.io/v1';
  return { apiVersion, command, args: [], env: {}, installHint: '', cluster: null, ...more };
}

async function credential(status: Readonly<Record<string, unknown>>): Promise<void> {
  const apiVersion = 'client.authentication.k8s.io/v1';
  await writeFile(join(folder, 'credential'), JSON.stringify({ apiVersion, kind: 'ExecCredential', status }));
}

function runs(): number {
  return readFileSync(join(folder, 'runs'), 'utf8').split('\n').length - 1;
}

test('an exec plugin: told of the cluster, run once for many, again when its token is refused', async () => {
  const api = await server();
  let token = 'one';
  demand(api, () => `Bearer ${token}`);
  const { command, apiVersion } = await plugin();
  await credential({ token: 'one' });
  const exec = { apiVersion, command: './plugin', provideClusterInfo: true };
  const cluster = await open(kubeconfig({ server: api.url, user: { exec } }), {
    PATH: process.env.PATH ?? '',
  });
  expect(command).toBe(join(folder, 'plugin'));
  expect(await Promise.all([get(cluster), get(cluster), get(cluster)])).toEqual([200, 200, 200]);
  expect(runs()).toBe(1);
  expect(JSON.parse(readFileSync(join(folder, 'info'), 'utf8'))).toEqual({
    apiVersion,
    kind: 'ExecCredential',
    spec: { interactive: false, cluster: { server: api.url } },
  });
  token = 'two';
  await credential({ token: 'two' });
  expect(await Promise.all([get(cluster), get(cluster), get(cluster)])).toEqual([200, 200, 200]);
  expect(runs()).toBe(2);
});

test('an exec plugin runs again before its credential expires, and is not waited for for ever', async () => {
  const env = { PATH: process.env.PATH };
  const recipe = await plugin();
  const soon = (seconds: number): string => new Date(Date.now() + seconds * 1000).toISOString();
  await credential({ token: 'a', expirationTimestamp: soon(2) });
  const fresh = createExecPlugin(recipe, { env });
  expect(await fresh.credential()).toMatchObject({ token: 'a' });
  expect(await fresh.credential()).toMatchObject({ token: 'a' });
  expect(runs()).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  await credential({ token: 'b', expirationTimestamp: soon(3_600) });
  expect(await fresh.credential()).toMatchObject({ token: 'b' });
  expect(await fresh.credential()).toMatchObject({ token: 'b' });
  expect(runs()).toBe(2);

  const failing: [ExecRecipe, string][] = [
    [await plugin({}, 'sleep 30'), 'did not finish within 1 s'],
    [await plugin({ installHint: 'get it' }, 'exit 3'), 'ended with status 3'],
    [{ ...recipe, command: join(folder, 'absent') }, 'cannot be started (ENOENT)'],
    [await plugin({ apiVersion: 'client.authentication.k8s.io/v1beta1' }), 'printed no ExecCredential'],
  ];
  for (const [failingRecipe, message] of failing) {
    const isSlow = message.includes('finish');
    // Each one writes the script anew.
    if (isSlow) await plugin({}, 'sleep 30');
    else if (message.includes('status 3')) await plugin({}, 'exit 3');
    else await plugin();
    const outcome = await createExecPlugin(failingRecipe, { env, within: isSlow ? 300 : 5_000 }).credential();
    expect(outcome).toHaveProperty('message', expect.stringContaining(message));
  }
});

test('in a cluster: address from the environment, token and CA from files', async () => {
  const authority = await makeAuthority();
  const leaf = await makeLeaf(authority, { names: ['127.0.0.1'] });
  const api = await server({ tls: { cert: leaf.cert, key: leaf.key } });
  let token = 'pod';
  demand(api, () => `Bearer ${token}`);
  const account = join(folder, 'account');
  await mkdir(account);
  for (const [name, text] of [
    ['token', 'pod'],
    ['ca.crt', authority.cert],
    ['namespace', 'ingress'],
  ] as const) {
    await writeFile(join(account, name), text);
  }
  const { hostname, port } = new URL(api.url);
  const env = {
    KUBERNETES_SERVICE_HOST: hostname,
    KUBERNETES_SERVICE_PORT: port,
    HTTPS_PROXY: 'http://127.0.0.1:1',
  };
  const options = { kubeconfig: 'in-cluster', context: null };
  const opened = await openCluster(options, { log, env, serviceAccount: account });
  if (!('cluster' in opened)) throw new Error(opened.message);
  ends.push(() => opened.cluster.close());
  expect(opened.cluster.namespace).toBe('ingress');
  expect(await get(opened.cluster)).toBe(200);
  token = 'rotated';
  await writeFile(join(account, 'token'), 'rotated');
  expect(await get(opened.cluster)).toBe(200);

  const six = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
  const over6 = await openCluster(options, { log, env: six, serviceAccount: account });
  expect(over6).toHaveProperty('cluster.name', '[fd00::1]');
  const outside = await openCluster(options, { log, env: {}, serviceAccount: account });
  expect(outside).toMatchObject({
    message: expect.stringContaining('KUBERNETES_SERVICE_HOST'),
    hint: expect.any(String),
  });
});

test('through a proxy: TLS end to end, the proxy sees a name only', async () => {
  const authority = await makeAuthority();
  const leaf = await makeLeaf(authority, { names: ['127.0.0.1'] });
  const api = await server({ tls: { cert: leaf.cert, key: leaf.key } });
  const asked: string[] = [];
  const proxy = createServer();
  proxy.on('connect', (request, socket) => {
    asked.push(request.url ?? '');
    const { hostname, port } = new URL(`http://${request.url}`);
    const onward = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  ends.push(async () => proxy.close());
  const cluster = await open(
    kubeconfig({
      server: api.url,
      cluster: {
        'proxy-url': `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
        'certificate-authority-data': base64(authority.cert),
      },
      user: { token: 'hidden' },
    }),
  );
  expect(await get(cluster)).toBe(200);
  expect(asked).toEqual([new URL(api.url).host]);
  expect(api.requests[0]?.headers.authorization).toBe('Bearer hidden');
});

test('the environment names a proxy, and for whom not', () => {
  const proxyFor = (server: string, noProxy = ''): string | null => {
    const env = { HTTPS_PROXY: 'proxy.test:3128', NO_PROXY: noProxy };
    const way = environmentProxy(new URL(server), env);
    return 'proxy' in way ? way.proxy : way.message;
  };
  expect(proxyFor('https://api.example')).toBe('http://proxy.test:3128');
  expect(proxyFor('https://127.0.0.1:6443')).toBeNull();
  expect(proxyFor('https://[::1]:6443')).toBeNull();
  expect(proxyFor('http://api.example')).toBeNull();
  const exempt = 'other, .example,10.0.0.0/8 ,fd00::/8,api.test:6443';
  expect(proxyFor('https://api.example', exempt)).toBeNull();
  expect(proxyFor('https://10.1.2.3:6443', exempt)).toBeNull();
  expect(proxyFor('https://[fd00::1]:6443', exempt)).toBeNull();
  expect(proxyFor('https://api.test:6443', exempt)).toBeNull();
  expect(proxyFor('https://api.test:443', exempt)).toBe('http://proxy.test:3128');
  expect(proxyFor('https://notexample', exempt)).toBe('http://proxy.test:3128');
  // One that cannot be used is said, and not passed by.
  const https_proxy = 'ftp://proxy.test';
  expect(environmentProxy(new URL('https://api.example'), { https_proxy })).toEqual({
    message: 'the environment variable https_proxy names a proxy that is not http, https or socks5',
    hint: expect.stringContaining('name api.example in NO_PROXY'),
  });
});

test('a kubeconfig that cannot be used says why at the start', async () => {
  const file = join(folder, 'kubeconfig');
  const message = async (text: string | null, context: string | null = null): Promise<string> => {
    if (text !== null) await writeFile(file, text);
    const opened = await openCluster({ kubeconfig: file, context }, { log, env: {} });
    return 'message' in opened ? `${opened.message}; ${opened.hint}`.replaceAll(folder, '') : 'opened';
  };
  const server = 'https://127.0.0.1:1';
  expect(await message(null)).toContain('/kubeconfig cannot be read (ENOENT)');
  expect(await message('a: [')).toContain('is not YAML');
  expect(await message('clusters: 5')).toContain('is no kubeconfig: clusters');
  expect(await message(kubeconfig({ server }), 'there')).toContain(
    'has no context "there"; give --context one of: here',
  );
  expect(await message(kubeconfig({ server: 'ftp://x' }))).toContain('not an http or https URL');
  expect(await message(kubeconfig({ server, cluster: { 'proxy-url': 'what' } }))).toContain(
    'proxy-url that is not a URL',
  );
  expect(await message(kubeconfig({ server, user: { 'auth-provider': { name: 'gcp' } } }))).toContain(
    'use an exec plugin',
  );
  expect(await message(kubeconfig({ server, user: { tokenFile: 'absent' } }))).toContain(
    '/absent cannot be read',
  );
  expect(await message(kubeconfig({ server }))).toBe('opened');
});
