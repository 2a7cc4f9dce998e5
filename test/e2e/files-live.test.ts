// The folder of manifests as it is changed in real life: ConfigMap mounts, folders that go and come, broken YAML.
import { mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { ingress, type Manifest, toYaml, workload } from './support/objects.ts';
import { testGateway } from './support/test-gateway.ts';

testGateway(
  'a ConfigMap mount is swapped by its symlink, again and again',
  {
    backends: ['one', 'two'],
    gateway: ([one, two]) => ({
      flags: ({ folder }) => ['--manifests', join(folder, 'mount')],
      prepare: async ({ folder }) => {
        await mkdir(join(folder, 'mount'));
        await swap(join(folder, 'mount'), 0, routed('one'));
      },
      manifests: {
        'workloads.yaml': [
          ...workload('one', [one?.endpoint ?? '']),
          ...workload('two', [two?.endpoint ?? '']),
        ],
      },
    }),
  },
  async ({ gateway }) => {
    const mount = join(gateway.folder, 'mount');
    expect((await gateway.get('shop.example')).headers['x-backend']).toBe('one');
    for (let i = 1; i <= 6; i++) {
      const to = i % 2 === 0 ? 'one' : 'two';
      // Two in a row are what makes some watchers deaf.
      await swap(mount, i * 10, routed(to === 'one' ? 'two' : 'one'));
      await swap(mount, i * 10 + 1, routed(to));
      await eventually(`the route leads to ${to}`, async () => {
        const { headers } = await gateway.get('shop.example');
        return headers['x-backend'] === to;
      });
      await gateway.settled();
      const { headers } = await gateway.get('shop.example');
      expect(headers['x-backend']).toBe(to);
    }
  },
);

testGateway(
  'a folder that is removed and made again is read again',
  {
    gateway: ([one]) => ({
      flags: ({ folder }) => ['--manifests', join(folder, 'more')],
      prepare: async ({ folder }) => {
        await mkdir(join(folder, 'more'));
        await writeFile(join(folder, 'more/shop.yaml'), toYaml(routed('one')));
      },
      manifests: { 'workloads.yaml': workload('one', [one?.endpoint ?? '']) },
    }),
  },
  async ({ gateway }) => {
    const more = join(gateway.folder, 'more');
    expect((await gateway.get('shop.example')).status).toBe(200);
    await rm(more, { recursive: true });
    await gateway.stateWhen('its absence is said', ({ diagnostics }) => diagnostics.length > 0);
    expect((await gateway.get('shop.example')).status).toBe(200);
    await gateway.change(async () => {
      await mkdir(more);
      await gateway.put('aside.yaml', ingress('other', { host: 'other.example', service: 'one' }));
      await rename(join(gateway.manifests, 'aside.yaml'), join(more, 'other.yaml'));
    });
    await gateway.stateWhen('all is well again', ({ diagnostics }) => diagnostics.length === 0);
    expect((await gateway.get('other.example')).status).toBe(200);
    await gateway.change(() =>
      writeFile(
        join(more, 'third.yaml'),
        toYaml([ingress('third', { host: 'third.example', service: 'one' })]),
      ),
    );
    expect((await gateway.get('third.example')).status).toBe(200);
  },
);

testGateway(
  'a file that stops parsing keeps its last good objects and says where it is broken',
  {
    gateway: ([one]) => ({
      manifests: {
        'workloads.yaml': workload('one', [one?.endpoint ?? '']),
        'shop.yaml': routed('one'),
      },
    }),
  },
  async ({ gateway }) => {
    const good = toYaml(routed('one'));
    for (const text of [
      `${good}\n  : [ broken`,
      `${good}---\n\tkind: Tab`,
      '{"kind": ',
      `${good}---\nkind: "unclosed\n`,
    ]) {
      await gateway.putText('shop.yaml', text);
      const state = await gateway.stateWhen('it is said', ({ diagnostics }) => diagnostics.length > 0);
      expect(state.diagnostics).toContainEqual(
        expect.objectContaining({
          severity: 'error',
          object: expect.stringMatching(/^File\/.*shop\.yaml$/),
          field: expect.stringMatching(/^\d+:\d+$/),
        }),
      );
      expect((await gateway.get('shop.example')).status).toBe(200);
      // The other files live on.
      const name = `next-${text.length}`;
      await gateway.change(() =>
        gateway.put(`${name}.yaml`, ingress(name, { host: `${name}.example`, service: 'one' })),
      );
      expect((await gateway.get(`${name}.example`)).status).toBe(200);
      await gateway.putText('shop.yaml', good);
      await gateway.stateWhen(
        'it is mended',
        ({ diagnostics, settled }) => settled && diagnostics.length === 0,
      );
    }
    await gateway.change(() => gateway.remove('shop.yaml'));
    expect((await gateway.get('shop.example')).status).toBe(404);
  },
);

function routed(serviceName: string): readonly Manifest[] {
  return [ingress('shop', { host: 'shop.example', service: serviceName })];
}

/** As kubelet does it: a new folder, `..data` swapped to it by rename, the old folder removed. */
async function swap(mount: string, version: number, objects: readonly Manifest[]): Promise<void> {
  const fresh = `..2026_${String(version).padStart(3, '0')}`;
  await mkdir(join(mount, fresh));
  await writeFile(join(mount, fresh, 'shop.yaml'), toYaml(objects));
  await symlink(fresh, join(mount, '..data_tmp'));
  await rename(join(mount, '..data_tmp'), join(mount, '..data'));
  await symlink('..data/shop.yaml', join(mount, 'shop.yaml')).catch(() => undefined);
  for (const name of await readdir(mount)) {
    if (name.startsWith('..2026') && name !== fresh) await rm(join(mount, name), { recursive: true });
  }
}
