// A line between a client and the API server that can fail as networks do: without a FIN, with a RST, or by not
// letting anybody in. It passes bytes and knows nothing of them.
import { connect, createServer, type Socket } from 'node:net';

export type Gate = {
  readonly port: number;
  /** Connections that are open now, and all that ever were. */
  readonly open: () => number;
  readonly everOpened: () => number;
  /** No byte passes on the connections of this moment, ever again; new ones work. Nothing is closed. */
  readonly stall: () => void;
  /** Ends all connections with RST. */
  readonly cut: () => void;
  /** Ends all connections, and each new one, until `admit`. */
  readonly refuse: () => void;
  readonly admit: () => void;
  readonly close: () => Promise<void>;
};

export async function openGate(to: { readonly address: string; readonly port: number }): Promise<Gate> {
  const pairs = new Set<readonly [Socket, Socket]>();
  const stalled = new Set<Socket>();
  let everOpened = 0;
  let refusing = false;
  const server = createServer((near) => {
    if (refusing) {
      near.on('error', () => undefined).resetAndDestroy();
      return;
    }
    everOpened += 1;
    const far = connect(to.port, to.address);
    const pair = [near, far] as const;
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const socket of pair) socket.setNoDelay(true).on('error', end).on('close', end);
    near.pipe(far);
    far.pipe(near);
  });
  await new Promise<void>((done, fail) => {
    server.once('error', fail);
    server.listen(0, '127.0.0.1', done);
  });
  const bound = server.address();
  const cut = () => {
    for (const [near, far] of pairs) {
      near.resetAndDestroy();
      far.destroy();
    }
  };
  return {
    port: bound !== null && typeof bound === 'object' ? bound.port : 0,
    open: () => pairs.size,
    everOpened: () => everOpened,
    stall() {
      for (const pair of pairs) {
        pairs.delete(pair);
        for (const socket of pair) {
          stalled.add(socket);
          socket
            .removeAllListeners('close')
            .removeAllListeners('error')
            .on('error', () => undefined);
          socket.unpipe().pause();
        }
      }
    },
    cut,
    refuse() {
      refusing = true;
      cut();
    },
    admit() {
      refusing = false;
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        for (const socket of [...[...pairs].flat(), ...stalled]) socket.destroy();
      }),
  };
}
