// One good Ingress beside hundreds that are broken in every way: its bytes do not differ, it is served, and each
// broken one is told what is wrong with it.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Diagnostic } from '../../src/model/diagnostic.ts';
import { makeAuthority, makeLeaf } from '../support/certs.ts';
import { type Broken, brokenIngresses, brokenSecrets, goodObjects } from './support/broken.ts';
import { runToEnd } from './support/controller.ts';
import { MARKER } from './support/hostile.ts';
import { ingressClass, type Manifest, toYaml } from './support/objects.ts';
import { testGateway } from './support/test-gateway.ts';

const authority = makeAuthority();
const pair = authority.then((one) => makeLeaf(one, { names: ['good.example'] }));
const otherPair = authority.then((one) => makeLeaf(one, { names: ['good.example'] }));
const cases = brokenIngresses();

test('what is unservable leaves the whole file as it is; the good one is as alone beside all of them', async () => {
  const good = [ingressClass(), ...goodObjects('127.0.0.2:8080', await pair), ...(await secrets())];
  const alone = await render(good);
  expect(alone.conf).toContain('server_name good.example;');
  const unservable = cases.filter((one) => one.unservable);
  expect(unservable.length).toBeGreaterThan(80);
  const besideUnservable = await render([...good, ...objectsOf(unservable)]);
  expect(besideUnservable.conf).toBe(alone.conf);

  const besideAll = await render([...objectsOf(cases), ...good]);
  expect(serversOf(besideAll.conf, 'good.example')).toEqual(serversOf(alone.conf, 'good.example'));
  expect(besideAll.conf).not.toContain(MARKER);
  expect(besideAll.diagnostics.filter(({ object }) => object === 'Ingress/default/good')).toEqual([]);

  const silent = cases.filter(
    ({ object, field }) =>
      field !== null &&
      !besideAll.diagnostics.some((one) => one.object === object && one.field.startsWith(field)),
  );
  const described = silent.map(({ name, field, objects }) => ({
    field,
    said: besideAll.diagnostics
      .filter(({ object }) => object.endsWith(`/${name}`))
      .map((one) => `${one.code} ${one.field}`),
    object: JSON.stringify(objects[0]).slice(0, 400),
  }));
  expect(described).toEqual([]);
}, 60_000);

testGateway(
  'the good one is served live beside all of them, with good bytes',
  {
    gateway: async ([one]) => ({
      manifests: { 'good.yaml': [...goodObjects(one?.endpoint ?? '', await pair), ...(await secrets())] },
    }),
    timeoutMs: 90_000,
  },
  async ({ gateway }) => {
    const live = () => readFile(join(gateway.prefix, 'conf/nginx.conf'), 'utf8');
    const before = serversOf(await live(), 'good.example');
    const files = { reloads: (await gateway.state()).reloads };
    await gateway.change(() => gateway.put('bad.yaml', ...objectsOf(cases)));
    expect((await gateway.get('good.example')).status).toBe(200);
    expect((await gateway.getTls('good.example')).status).toBe(200);
    expect(serversOf(await live(), 'good.example')).toEqual(before);
    expect(await live()).not.toContain(MARKER);
    expect((await gateway.state()).reloads).toBe(files.reloads);
    for (const name of ['service-missing', 'port-missing']) {
      expect((await gateway.get(`${name}.example`)).status).toBe(503);
    }
    const gated = cases.filter(({ objects }) => JSON.stringify(objects).includes('whitelist-source-range'));
    for (const { name } of gated) expect((await gateway.get(`${name}.example`)).status).toBe(503);

    // The same with all of them compiled.
    await gateway.controller().stop();
    gateway.startController(['--compile', 'at-once']);
    await gateway.settled(60_000);
    expect(await live()).not.toContain(MARKER);
    expect(serversOf(await live(), 'good.example')).toEqual(before);
    expect((await gateway.get('good.example')).status).toBe(200);
  },
);

async function secrets(): Promise<readonly Manifest[]> {
  return brokenSecrets(await pair, (await otherPair).key);
}

function objectsOf(broken: readonly Broken[]): readonly Manifest[] {
  return broken.flatMap(({ objects }) => objects);
}

/** The text of each `server` of a host. */
function serversOf(conf: string, host: string): readonly string[] {
  const servers = conf.split(/^(?= {4}server \{$)/m).filter((text) => text.includes(`server_name ${host};`));
  expect(servers.length).toBeGreaterThan(0);
  return servers.map((text) => text.slice(0, text.indexOf('\n    }\n')));
}

async function render(objects: readonly Manifest[]) {
  const folder = await mkdtemp(join(tmpdir(), 'broken-'));
  try {
    const manifests = join(folder, 'in.yaml');
    const output = join(folder, 'out');
    await writeFile(manifests, toYaml(objects));
    const { code, stderr } = await runToEnd(['render', '--manifests', manifests, '-o', output]);
    if (code !== 0 && code !== 1) throw new Error(`render ended with ${code}: ${stderr}`);
    const conf = await readFile(join(output, 'nginx.conf'), 'utf8');
    const diagnostics = JSON.parse(
      await readFile(join(output, 'diagnostics.json'), 'utf8'),
    ) as readonly Diagnostic[];
    return { conf, diagnostics };
  } finally {
    await rm(folder, { recursive: true });
  }
}
