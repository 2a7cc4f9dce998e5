// Templates of the operator's own, taken in live; a broken one keeps the last good files and says where it is broken.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect } from '@jest/globals';
import { ingress, workload } from './support/objects.ts';
import { testGateway } from './support/test-gateway.ts';

const BUILT_IN = resolve(import.meta.dirname, '../../templates');

testGateway(
  'a template is overridden live, broken, mended and taken away again',
  {
    gateway: ([one]) => ({
      flags: ({ folder }) => ['--template-dir', join(folder, 'templates')],
      manifests: {
        'shop.yaml': [
          ...workload('shop', [one?.endpoint ?? '']),
          ingress('shop', { host: 'shop.example', service: 'shop' }),
        ],
      },
      prepare: ({ folder }) => mkdir(join(folder, 'templates')),
    }),
  },
  async ({ gateway, backends: [one] }) => {
    const override = join(gateway.folder, 'templates/http.hbs');
    const live = () => readFile(join(gateway.prefix, 'conf/nginx.conf'), 'utf8');
    const builtIn = await readFile(join(BUILT_IN, 'http.hbs'), 'utf8');
    const original = await live();
    const { reloads: before } = await gateway.state();
    const ours = (text: string) => `${builtIn}    ${text}\n`;
    const templateFaults = async () =>
      (await gateway.state()).diagnostics.filter(({ object, code }) =>
        /template|hbs/.test(`${object} ${code}`),
      );

    await writeFile(override, ours('add_header X-Operator first always;'));
    await gateway.stateWhen('it is compiled', ({ reloads, settled }) => settled && reloads === before + 1);
    expect((await gateway.get('unknown.example')).headers['x-operator']).toBe('first');
    const good = await live();

    const broken = [
      { text: '{{raw}}', says: /http\.hbs/ },
      { text: '{{#if', says: /http\.hbs/ },
      { text: 'no_such_directive on;', says: /no_such_directive/ },
      { text: '}', says: /./ },
    ];
    for (const { text, says } of broken) {
      await writeFile(override, ours(text));
      await gateway.stateWhen(`it is said of ${text}`, ({ diagnostics }) =>
        diagnostics.some(
          ({ object, code, message }) =>
            /template|hbs/.test(`${object} ${code}`) && says.test(`${object} ${message}`),
        ),
      );
      expect(await live()).toBe(good);
      expect((await gateway.get('unknown.example')).headers['x-operator']).toBe('first');
      // What does not need files goes on.
      const host = `live-${broken.findIndex((one) => one.text === text)}.example`;
      await gateway.change(() =>
        gateway.put(`${host}.yaml`, ingress(host.replace('.example', ''), { host, service: 'shop' })),
      );
      expect((await gateway.get(host)).headers['x-backend']).toBe(one?.name);

      await writeFile(override, ours('add_header X-Operator first always;'));
      await gateway.stateWhen('it is mended', ({ diagnostics }) => diagnostics.length === 0);
    }
    expect(await templateFaults()).toEqual([]);

    await rm(override);
    await gateway.stateWhen('it is gone', ({ reloads, settled }) => settled && reloads >= before + 2);
    expect((await gateway.get('unknown.example')).headers).not.toHaveProperty('x-operator');
    expect((await live()).replace(/files = "\w+"/, '')).toBe(original.replace(/files = "\w+"/, ''));
  },
);
