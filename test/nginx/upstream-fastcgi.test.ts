// FastCGI through the gateway: parameters as they are declared, bodies, statuses, retries, and no client who says
// what only the gateway may say.
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { configMap, ingress, type Manifest, workload } from '../e2e/support/objects.ts';
import { freePort } from '../support/ports.ts';
import { type FastCgiSeen, type FastCgiServer, startFastCgiServer } from './support/fastcgi-server.ts';
import { FORMS, startUpstreamBed, type UpstreamBed } from './support/upstream-bed.ts';

let server: FastCgiServer;
const open: UpstreamBed[] = [];

beforeAll(async () => {
  server = await startFastCgiServer();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((bed) => bed.close()));
});
afterAll(() => server?.close());

for (const form of FORMS) {
  test(`parameters, index, body, ${form}`, async () => {
    const bed = await startUpstreamBed(form, objects([server.endpoint]));
    open.push(bed);
    const headers = {
      'X-Forwarded-For': '1.2.3.4',
      'X-Real-IP': '1.2.3.4',
      Proxy: 'evil',
      'X-Own': 'kept',
      'Content-Type': 'text/plain',
      'Content-Length': '5',
    };
    const options = { target: '/sub/?a=%20b', method: 'POST', headers, body: 'hello' } as const;
    const answer = await bed.get('php.example', options);
    expect(answer.status).toBe(200);
    const { params, body, keeps } = answer.json<FastCgiSeen>();
    expect([body, keeps]).toEqual(['hello', false]);
    expect(params).toMatchObject({
      SCRIPT_FILENAME: '/srv/app/sub/index.php',
      SCRIPT_NAME: '/sub/index.php',
      REQUEST_URI: '/sub/?a=%20b',
      QUERY_STRING: 'a=%20b',
      REQUEST_METHOD: 'POST',
      CONTENT_LENGTH: '5',
      CONTENT_TYPE: 'text/plain',
      SERVER_NAME: 'php.example',
      SERVER_PORT: String(bed.httpPort),
      REMOTE_ADDR: '127.0.0.1',
      GATEWAY_INTERFACE: 'CGI/1.1',
      REDIRECT_STATUS: '200',
      APP_MODE: 'a b/c',
      HTTP_HOST: 'php.example',
      HTTP_X_FORWARDED_FOR: '127.0.0.1',
      HTTP_X_REAL_IP: '127.0.0.1',
      HTTP_X_FORWARDED_PROTO: 'http',
      HTTP_X_ORIGINAL_FORWARDED_FOR: '1.2.3.4',
      HTTP_X_OWN: 'kept',
    });
    for (const absent of ['HTTPS', 'HTTP_PROXY']) expect(params[absent]).toBeUndefined();

    const plain = (await bed.get('bare.example', { target: '/x' })).json<FastCgiSeen>().params;
    expect(plain).toMatchObject({ SCRIPT_NAME: '/x', DOCUMENT_URI: '/x' });
    for (const absent of ['SCRIPT_FILENAME', 'DOCUMENT_ROOT', 'APP_MODE'])
      expect(plain[absent]).toBeUndefined();
  });

  test(`statuses, retries, limits, times and refusals, ${form}`, async () => {
    const dead = `127.0.0.1:${await freePort()}`;
    const alone = ingress('alone', {
      host: 'alone.example',
      service: 'alone',
      annotations: { 'backend-protocol': 'FCGI', 'proxy-read-timeout': '1' },
    });
    const bed = await startUpstreamBed(form, [
      ...objects([server.endpoint, dead]),
      ...workload('alone', [server.endpoint]),
      alone,
    ]);
    open.push(bed);
    for (let i = 0; i < 6; i++) expect((await bed.get('bare.example')).status).toBe(200);
    expect((await bed.get('bare.example', { target: '/503' })).status).toBe(503);
    expect((await bed.get('alone.example', { target: '/hang' })).status).toBe(504);
    const before = server.seen.length;
    const headers = { 'Content-Length': '101' };
    expect((await bed.get('bare.example', { method: 'POST', headers })).status).toBe(413);
    for (const host of ['gone', 'hostile', 'foreign'])
      expect((await bed.get(`${host}.example`)).status).toBe(503);
    expect(server.seen).toHaveLength(before);
    expect(bed.diagnostics).toEqual([
      'fastcgi-param-invalid ConfigMap/default/hostile',
      'configmap-foreign Ingress/default/foreign',
      'configmap-missing Ingress/default/gone',
    ]);
  });
}

function objects(endpoints: readonly string[]): readonly Manifest[] {
  const route = (name: string, annotations: Readonly<Record<string, string>>): Manifest =>
    ingress(name, {
      host: `${name}.example`,
      service: 'app',
      annotations: { 'backend-protocol': 'FCGI', ...annotations },
    });
  return [
    ...workload('app', endpoints),
    route('bare', { 'proxy-read-timeout': '1', 'proxy-body-size': '100' }),
    route('php', { 'fastcgi-index': 'index.php', 'fastcgi-params-configmap': 'params' }),
    route('gone', { 'fastcgi-params-configmap': 'gone' }),
    route('hostile', { 'fastcgi-params-configmap': 'default/hostile' }),
    route('foreign', { 'fastcgi-params-configmap': 'other/params' }),
    configMap('params', { SCRIPT_FILENAME: '/srv/app$fastcgi_script_name', APP_MODE: 'a b/c' }),
    configMap('hostile', { X: '"; return 200; #' }),
  ];
}
