// Unix sockets that a killed nginx left behind: the next start fails on them (address already in use).

import { rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';

import { LAYOUT } from '../../model/runtime.ts';

/** Removes those of ours on which nobody listens. Call it only when no master of the prefix lives. */
export async function removeStaleSockets(prefix: string): Promise<void> {
  for (const socket of [LAYOUT.controlSocket, LAYOUT.notFoundSocket, LAYOUT.unavailableSocket]) {
    const path = join(prefix, socket);
    if (await isStale(path)) await rm(path, { force: true });
  }
}

// Only a refusal is proof: EAGAIN is a listener whose queue is full, ENOENT is no socket at all.
function isStale(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
  });
}
