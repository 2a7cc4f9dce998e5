import { rename, rm, symlink, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Diagnostic } from '../../../../src/model/diagnostic.ts';
import type { TemplateTexts } from '../../../../src/sources/templates/read-templates.ts';
import { readTemplates } from '../../../../src/sources/templates/read-templates.ts';
import { watchTemplates } from '../../../../src/sources/templates/watch-templates.ts';
import type { Sandbox } from '../sandbox.ts';
import { createSandbox, SILENT } from '../sandbox.ts';

let builtin: Sandbox;
let own: Sandbox;
let stop: AbortController;
beforeEach(async () => {
  stop = new AbortController();
  [builtin, own] = [await createSandbox(), await createSandbox()];
  await builtin.put('nginx.conf.hbs', 'main');
  await builtin.put('partials/server.hbs', 'server');
  await builtin.put('README.md', 'not a template');
});
afterEach(async () => {
  stop.abort();
  await builtin.remove();
  await own.remove();
});

test('a folder by relative path; one that is missing is our own mistake', async () => {
  expect(await readTemplates(builtin.folder)).toEqual(
    new Map([
      ['nginx.conf.hbs', 'main'],
      ['partials/server.hbs', 'server'],
    ]),
  );
  await expect(readTemplates(builtin.at('missing'))).rejects.toThrow('missing');
});

test('files of the second folder replace those of the first, live, and leave again', async () => {
  const seen: {
    texts: TemplateTexts;
    diagnostics: readonly Diagnostic[];
    overridden: ReadonlySet<string>;
  }[] = [];
  let wake: () => void = () => undefined;
  await watchTemplates({
    folders: [builtin.folder, own.folder],
    signal: stop.signal,
    log: SILENT,
    onChange: (texts, diagnostics, overridden) => {
      seen.push({ texts, diagnostics, overridden });
      wake();
    },
  });
  const next = async (action: () => Promise<unknown>) => {
    const change = new Promise<void>((resolve) => {
      wake = resolve;
    });
    await action();
    await change;
    return seen.at(-1);
  };
  expect(seen[0]?.texts.get('nginx.conf.hbs')).toBe('main');
  const replaced = await next(() => own.put('partials/server.hbs', 'mine'));
  expect(replaced?.texts.get('partials/server.hbs')).toBe('mine');
  expect([...(replaced?.overridden ?? [])]).toEqual(['partials/server.hbs']);
  const extra = await next(() => writeFile(own.at('extra.hbs'), 'more'));
  expect([...(extra?.texts.keys() ?? [])].sort()).toEqual([
    'extra.hbs',
    'nginx.conf.hbs',
    'partials/server.hbs',
  ]);
  const back = await next(() => rm(own.at('partials'), { recursive: true }));
  expect(back?.texts.get('partials/server.hbs')).toBe('server');
  // A template that leads nowhere keeps its last text and is said.
  const lost = await next(async () => {
    await symlink('nothing', own.at('.link'));
    await rename(own.at('.link'), own.at('extra.hbs'));
  });
  expect(lost?.texts.get('extra.hbs')).toBe('more');
  expect(lost?.diagnostics).toMatchObject([
    { code: 'template-unreadable', object: `File/${own.at('extra.hbs')}` },
  ]);
});
