// Free TCP ports, asked of the kernel. All of one call are held open together, so they differ.
import { createServer, type Server } from 'node:net';

/** `count` ports that were free on `address` a moment ago. */
export async function freePorts(count: number, address = '127.0.0.1'): Promise<readonly number[]> {
  const servers: Server[] = [];
  try {
    for (let i = 0; i < count; i++) servers.push(await listen(address));
    return servers.map(portOf);
  } finally {
    await Promise.all(servers.map(close));
  }
}

export async function freePort(address = '127.0.0.1'): Promise<number> {
  const [port] = await freePorts(1, address);
  if (port === undefined) throw new Error('no port');
  return port;
}

function listen(address: string): Promise<Server> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, address, () => done(server));
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not a TCP server');
  return address.port;
}

function close(server: Server): Promise<void> {
  return new Promise((done) => server.close(() => done()));
}
