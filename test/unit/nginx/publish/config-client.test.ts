import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createRawServer, type Server as RawServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { createConfigClient } from '../../../../src/nginx/publish/config-client.ts';
import { withFolder } from '../state/support/sample.ts';

const STATUS = {
  v: 1,
  instance: { id: 'ab', master: 4711 },
  epoch: 3,
  generation: 12,
  state: 'ff',
  files: 'f0',
  profiles: {},
  workers: [{ pid: 1, epoch: 3, generation: 12, shuttingDown: false }],
  loaded: [],
};

async function against<T>(server: Server | RawServer, use: (socketPath: string) => Promise<T>): Promise<T> {
  return await withFolder(async (folder) => {
    const socketPath = join(folder, 'config.sock');
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    try {
      return await use(socketPath);
    } finally {
      if ('closeAllConnections' in server) server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
}

function client(socketPath: string, signal = new AbortController().signal) {
  return createConfigClient({ socketPath, signal, answerWithin: 300 });
}

function answering(code: number, body: unknown): Server {
  return createServer((_request, response) => response.writeHead(code).end(JSON.stringify(body)));
}

describe('the client of /config', () => {
  test('reads a status; an empty list of Lua is a list', () =>
    against(answering(200, STATUS), async (path) => {
      expect(await client(path).getStatus()).toMatchObject({
        outcome: 'ok',
        status: { generation: 12, profiles: [] },
      });
    }));

  test('sends the bytes as they are, each time over a connection of its own', async () => {
    const seen: { body: string; port: unknown }[] = [];
    const listener: RequestListener = (request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => {
        body += part;
      });
      request.on('end', () => {
        seen.push({ body, port: request.socket });
        response.end(JSON.stringify({ ...STATUS, applied: true }));
      });
    };
    await against(createServer(listener), async (path) => {
      const one = client(path);
      expect(await one.postBatch('{"ä":1}\n')).toMatchObject({ outcome: 'ok', applied: true });
      expect(await one.postBatch('{"ä":1}\n')).toMatchObject({ outcome: 'ok' });
    });
    expect(seen.map(({ body }) => body)).toEqual(['{"ä":1}\n', '{"ä":1}\n']);
    expect(seen[0]?.port).not.toBe(seen[1]?.port);
  });

  test.each([
    [200, { ...STATUS, applied: false }, { outcome: 'ok', applied: false }],
    [400, { error: 'malformed', message: 'line 2: what' }, { outcome: 'malformed', message: 'line 2: what' }],
    [413, null, { outcome: 'malformed' }],
    [409, { ...STATUS, error: 'stale' }, { outcome: 'stale', status: { epoch: 3 } }],
    [409, { ...STATUS, error: 'base' }, { outcome: 'base', status: { generation: 12 } }],
    [409, { error: 'base' }, { outcome: 'unreachable' }],
    [507, { ...STATUS, error: 'full', needed: 9, free: 3 }, { outcome: 'full', needed: 9, free: 3 }],
    [503, { error: 'busy' }, { outcome: 'busy' }],
    [500, 'oops', { outcome: 'unreachable' }],
    [200, { ...STATUS, epoch: 'three' }, { outcome: 'unreachable' }],
    [302, {}, { outcome: 'unreachable' }],
  ])('answer %i %j', (code, body, expected) =>
    against(answering(code, body), async (path) => {
      expect(await client(path).postBatch('x')).toMatchObject(expected);
    }),
  );

  test('nobody there, silence, half an answer, a reset: outcomes within the deadline', async () => {
    await withFolder(async (folder) => {
      const gone = await client(join(folder, 'none.sock')).getStatus();
      expect(gone).toEqual({ outcome: 'unreachable', message: 'no nginx listens on its control socket' });
    });
    await against(
      createServer(() => {}),
      async (path) => {
        expect(await client(path).postBatch('x')).toMatchObject({
          outcome: 'unreachable',
          message: expect.stringContaining('no answer within'),
        });
      },
    );
    const half = createServer((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"v":1,');
      setTimeout(() => response.destroy(), 20);
    });
    await against(half, async (path) => {
      expect((await client(path).getStatus()).outcome).toBe('unreachable');
    });
    const reset = createRawServer((socket) => socket.destroy());
    await against(reset, async (path) => {
      expect((await client(path).getStatus()).outcome).toBe('unreachable');
    });
    const noise = createRawServer((socket) => socket.resume().end('SSH-2.0-what\r\n'));
    await against(noise, async (path) => {
      expect((await client(path).getStatus()).outcome).toBe('unreachable');
    });
  });

  test('an answer without an end is cut off', () => {
    const endless = createServer((_request, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536, 32)));
      };
      response.on('drain', more).writeHead(200);
      more();
    });
    return against(endless, async (path) => {
      const patient = createConfigClient({ socketPath: path, signal: new AbortController().signal });
      expect(await patient.getStatus()).toMatchObject({
        outcome: 'unreachable',
        message: 'the control socket failed: its answer does not end',
      });
    });
  });

  test('ends with the controller', () =>
    against(
      createServer(() => {}),
      async (path) => {
        const ending = new AbortController();
        const patient = createConfigClient({ socketPath: path, signal: ending.signal });
        const answer = patient.getStatus();
        setTimeout(() => ending.abort(), 20);
        expect(await answer).toEqual({ outcome: 'unreachable', message: 'the controller is ending' });
      },
    ));
});
