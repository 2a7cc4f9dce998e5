// A batch on its way to answers that are not the good ones. The masters are given, the server is a script.
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Master } from '../../../../src/nginx/processes.ts';
import { createConfigClient } from '../../../../src/nginx/publish/config-client.ts';
import { push, type Reach, survey } from '../../../../src/nginx/publish/reach.ts';
import { withFolder } from '../state/support/sample.ts';

type Step = { readonly code: number; readonly master?: number; readonly error?: string } | 'reset';

const serving = (pid: number): Master => ({
  pid,
  startTime: '1',
  workers: [{ pid: pid + 1, shuttingDown: false }],
});
const leaving = (pid: number): Master => ({
  pid,
  startTime: '1',
  workers: [{ pid: pid + 1, shuttingDown: true }],
});

/** Runs against a server that answers each request by the next step, the last one for ever. */
async function against<T>(
  steps: readonly Step[],
  masters: readonly Master[],
  use: (reach: Reach) => Promise<T>,
): Promise<T> {
  let at = 0;
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const step = steps[Math.min(at, steps.length - 1)] ?? 'reset';
      at += 1;
      if (step === 'reset') return void response.destroy();
      const { code, master = 1, error } = step;
      const status = {
        instance: { id: 'i', master },
        epoch: 1,
        generation: 1,
        state: 'aa',
        files: '',
        error,
      };
      response.writeHead(code).end(JSON.stringify(status));
    });
  });
  return await withFolder(async (folder) => {
    const socketPath = join(folder, 'config.sock');
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    const { signal } = new AbortController();
    try {
      const client = createConfigClient({ socketPath, signal, answerWithin: 500 });
      return await use({ client, masters: async () => masters, signal });
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
}

describe('push', () => {
  const busy: Step = { code: 503, error: 'busy' };
  const confirm = (master: number): Step => ({ code: 200, master });

  test('is repeated while another batch is applied, but not for ever', async () => {
    const twice = await against([busy, busy, confirm(1)], [serving(1)], (reach) => push(reach, 'x'));
    expect(twice.outcome).toBe('in-force');
    const always = await against([busy], [serving(1)], (reach) => push(reach, 'x'));
    expect(always).toMatchObject({ outcome: 'unconfirmed', message: expect.stringContaining('busy') });
  });

  test('is repeated after a reset, since nobody knows whether it arrived; without a master it is not', async () => {
    const repeated = await against(['reset', confirm(1)], [serving(1)], (reach) => push(reach, 'x'));
    expect(repeated.outcome).toBe('in-force');
    const nobody = await against(['reset', confirm(1)], [], (reach) => push(reach, 'x'));
    expect(nobody.outcome).toBe('unconfirmed');
  });

  test('waits for each serving master, and for none that shuts down', async () => {
    const both = await against([confirm(1), confirm(1), confirm(2)], [serving(1), serving(2)], (reach) =>
      push(reach, 'x'),
    );
    expect(both).toMatchObject({
      outcome: 'in-force',
      statuses: [{ instance: { master: 1 } }, { instance: { master: 2 } }],
    });
    const old = await against([confirm(1)], [serving(1), leaving(2)], (reach) => push(reach, 'x'));
    expect(old.outcome).toBe('in-force');
    const silent = await against([confirm(1)], [serving(1), serving(2)], (reach) => push(reach, 'x'));
    expect(silent).toEqual({
      outcome: 'unconfirmed',
      message: 'nginx (master 2) does not answer on the control socket',
    });
  });
});

describe('survey', () => {
  test('says who is missing and what the others said', async () => {
    const seen = await against([{ code: 200 }], [serving(1), serving(2)], survey);
    expect(seen.statuses).toHaveLength(1);
    expect(seen.trouble).toContain('master 2');
    expect(await against(['reset'], [serving(1)], survey)).toMatchObject({
      statuses: [],
      trouble: expect.any(String),
    });
  });
});
