// The nginx that tests use: has Lua with resty.core, and survives what tests do to it: HUP, upgrade, kill.
import { stat } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '../../support/eventually.ts';
import { request } from '../../support/http-client.ts';
import { httpLines, mainLines, type NginxProcess, startNginx } from '../../support/nginx-process.ts';
import { freePort } from '../../support/ports.ts';
import { processTitle } from '../../support/processes.ts';

let nginx: NginxProcess;
let port: number;
const say = (answer: string) => (at: Parameters<typeof mainLines>[0], prefix: string) =>
  `
${mainLines(at)}
worker_processes 2;
events {}
http {
  ${httpLines(at, `${prefix}/lua`)}
  server {
    listen 127.0.0.1:${port};
    location / { content_by_lua_block { require('resty.core') ngx.print('${answer} ', require('mine').word) } }
  }
}
`;

beforeEach(async () => {
  port = await freePort();
  const files = { 'lua/mine.lua': `return { word = 'from lua' }\n` };
  nginx = await startNginx({
    config: ({ nginx: at, prefix }) => say('one')(at, prefix),
    files,
    waitFor: port,
  });
});
afterEach(() => nginx.cleanup());

const answer = async () => (await request({ port })).body;
const twoWorkers = () => eventually('two workers', async () => (await nginx.workers()).length === 2);

describe('startNginx', () => {
  test('runs Lua with our modules and names its processes', async () => {
    expect(await answer()).toBe('one from lua');
    await twoWorkers();
    const [master = 0] = await nginx.masters();
    expect(await processTitle(master)).toContain(nginx.nginx.binary);
    expect(await nginx.errorLog()).toContain('start worker process');
    expect(await nginx.errorLog()).not.toMatch(/\[(emerg|alert|crit|error)\]/);
  });

  test('HUP takes a new configuration into force', async () => {
    const before = await nginx.workers();
    await nginx.writeConfig(say('two')(nginx.nginx, nginx.prefix));
    await nginx.hup();
    await eventually('the old workers are gone', async () => {
      const now = await nginx.workers();
      return now.length === 2 && !now.some((pid) => before.includes(pid));
    });
    expect(await answer()).toBe('two from lua');
  });

  test('a binary upgrade replaces the master and goes on serving, twice', async () => {
    for (let i = 0; i < 2; i++) {
      const before = await nginx.masters();
      await nginx.upgrade();
      const after = await nginx.masters();
      expect(after).toHaveLength(1);
      expect(before).not.toContain(after[0]);
      expect(await answer()).toBe('one from lua');
    }
  });

  test('stops, is killed, starts again in its prefix', async () => {
    await nginx.stop();
    expect(await nginx.masters()).toEqual([]);
    await nginx.start();
    expect(await answer()).toBe('one from lua');
    await twoWorkers();
    const workers = await nginx.workers();
    await nginx.kill();
    for (const pid of workers) expect(await processTitle(pid)).toBe('');
    await nginx.start();
    expect(await answer()).toBe('one from lua');
  });

  test('leaves nothing behind', async () => {
    const pids = [...(await nginx.masters()), ...(await nginx.workers())];
    await nginx.cleanup();
    for (const pid of pids) expect(await processTitle(pid)).toBe('');
    await expect(stat(nginx.prefix)).rejects.toThrow(/ENOENT/);
  });

  test('a configuration that is wrong fails with what nginx said', async () => {
    const config = 'events {}\nhttp { nonsense on; }\n';
    await expect(startNginx({ config, waitFor: 1 })).rejects.toThrow(/unknown directive "nonsense"/);
  });
});
