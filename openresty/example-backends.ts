// The servers behind deploy/examples: each stands for a pod, has a loopback address of its own, and answers who it
// is. All use one port, as pods of a cluster do.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Address → what it calls itself. 127.0.0.13 is not in the manifests: it is there to be put in. */
export const BACKENDS: Readonly<Record<string, string>> = {
  '127.0.0.11': 'shop',
  '127.0.0.12': 'shop',
  '127.0.0.13': 'shop',
  '127.0.0.21': 'shop-next',
  '127.0.0.31': 'fallback',
};

export type ExampleBackends = {
  readonly port: number;
  readonly close: () => Promise<void>;
};

const preferredPort = 9001;
const attempts = 20;

/** On port 9001, or on one that is free on every address. Throws when there is none, or no such loopback address. */
export async function startExampleBackends(): Promise<ExampleBackends> {
  let port = preferredPort;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await startOn(port);
    } catch (error) {
      const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
      if (!taken || attempt >= attempts) throw error;
      port = await freePort();
    }
  }
}

async function startOn(port: number): Promise<ExampleBackends> {
  const servers: Server[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(servers.map(closeServer));
  };
  try {
    for (const [address, name] of Object.entries(BACKENDS)) {
      servers.push(await startServer(address, port, name));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { port, close };
}

function startServer(address: string, port: number, name: string): Promise<Server> {
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'text/plain');
    response.end(`${name} on ${address}\n`);
  });
  // Longer than nginx keeps idle connections, so that it is never the backend that closes one first.
  server.keepAliveTimeout = 90_000;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => resolve(server));
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** One that is free on loopback now. */
export function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** `wanted` if nobody listens there, else a free one. */
export function portLike(wanted: number): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', () => void freePort().then(resolve, reject));
    server.listen(wanted, '127.0.0.1', () => server.close(() => resolve(wanted)));
  });
}

if (import.meta.main) {
  const { port, close } = await startExampleBackends();
  process.stdout.write(`${Object.keys(BACKENDS).join(', ')}: port ${port}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void close());
}
