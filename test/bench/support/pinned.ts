// A kept connection to each worker of an nginx, so that every worker can be asked for itself.
import { readdir, readFile, readlink } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';

export type Pinned = {
  readonly worker: number;
  /** One GET; the body of the answer. Throws when it is not 200. One at a time. */
  readonly ask: () => Promise<string>;
  readonly close: () => void;
};

const MOST = 200;

/** One connection to each of these workers, to `host` on the plain port. */
export async function pinToEach(
  workers: readonly number[],
  { port, host }: { readonly port: number; readonly host: string },
): Promise<readonly Pinned[]> {
  const found = new Map<number, Pinned>();
  for (let i = 0; i < MOST && found.size < workers.length; i += 1) {
    const { ask, socket } = await open(port, host);
    await ask();
    const worker = await ownerOf(workers, port, socket.localPort ?? 0);
    if (worker === null || found.has(worker)) socket.destroy();
    else found.set(worker, { worker, ask, close: () => socket.destroy() });
  }
  if (found.size < workers.length) throw new Error(`of ${workers.length} workers ${found.size} were reached`);
  return [...found.values()];
}

async function open(port: number, host: string): Promise<{ ask: Pinned['ask']; socket: Socket }> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await new Promise((done, fail) => socket.once('connect', done).once('error', fail));
  const request = `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  let seen = '';
  let settle: { done: (body: string) => void; fail: (error: Error) => void } | null = null;
  const fail = (error: Error) => settle?.fail(error);
  socket.setEncoding('latin1');
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('a pinned connection was closed')));
  socket.on('data', (text: string) => {
    seen += text;
    const end = seen.indexOf('\r\n\r\n');
    if (end < 0) return;
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(seen)?.[1] ?? 0);
    if (seen.length < end + 4 + length) return;
    const status = seen.slice(9, 12);
    const body = seen.slice(end + 4);
    seen = '';
    if (status === '200') settle?.done(body);
    else fail(new Error(`${host} was answered ${status}`));
  });
  const ask = () =>
    new Promise<string>((done, refuse) => {
      settle = { done, fail: refuse };
      socket.write(request);
    });
  return { ask, socket };
}

/** Which of these processes holds the server's end of a connection. */
async function ownerOf(pids: readonly number[], port: number, clientPort: number): Promise<number | null> {
  const table = await readFile('/proc/net/tcp', 'utf8');
  const hex = (value: number) => value.toString(16).toUpperCase().padStart(4, '0');
  const ends = new RegExp(`^ *\\d+: [0-9A-F]{8}:${hex(port)} [0-9A-F]{8}:${hex(clientPort)} `, 'm');
  const line = table.slice(ends.exec(table)?.index ?? table.length).split('\n')[0] ?? '';
  const inode = line.trim().split(/\s+/)[9];
  for (const pid of pids) {
    for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '');
      if (target === `socket:[${inode}]`) return pid;
    }
  }
  return null;
}
