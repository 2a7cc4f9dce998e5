// A backend in a process of its own that can be brought to a stop: the kernel goes on taking connections for it until
// its backlog is full, and then none, as with a server that is overrun.

import { type ChildProcess, spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../support/eventually.ts';
import { freePorts } from '../../support/ports.ts';

export type StalledBackend = {
  readonly endpoint: string;
  /** Stops the process and fills its backlog. */
  readonly stall: () => Promise<void>;
  /** Lets it go on. */
  readonly resume: () => Promise<void>;
  readonly close: () => Promise<void>;
};

const PROGRAM = `
const [address, port, name] = process.argv.slice(1);
require('node:http')
  .createServer((request, response) => response.setHeader('x-backend', name).end('ok'))
  .listen({ host: address, port: Number(port), backlog: 4 });
`;

export async function startStalledBackend(name: string, address: string): Promise<StalledBackend> {
  const [port = 0] = await freePorts(1);
  const child: ChildProcess = spawn(process.execPath, ['-e', PROGRAM, address, String(port), name], {
    stdio: 'ignore',
  });
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  const held: Socket[] = [];
  const open = (): Promise<boolean> =>
    new Promise((done) => {
      const socket = connect({ host: address, port });
      held.push(socket);
      const late = setTimeout(() => done(false), 200);
      socket.on('error', () => done(false));
      socket.once('connect', () => {
        clearTimeout(late);
        done(true);
      });
    });
  const letGo = () => {
    for (const socket of held.splice(0)) socket.destroy();
  };
  await eventually('the backend listens', open);
  letGo();
  return {
    endpoint: `${address}:${port}`,
    async stall() {
      child.kill('SIGSTOP');
      for (let i = 0; i < 64; i++) if (!(await open())) return;
      throw new Error('the backlog does not fill');
    },
    async resume() {
      letGo();
      child.kill('SIGCONT');
      await sleep(50);
    },
    async close() {
      letGo();
      child.kill('SIGCONT');
      child.kill('SIGKILL');
      await ended;
    },
  };
}
