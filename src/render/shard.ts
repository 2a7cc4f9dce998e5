// Which of the shared upstream blocks a backend's connections are kept in: one keepalive cache for everything
// thrashes, one block for each backend would be a reload for each backend.

import { digest } from './digest.ts';

export const SHARDS = 64;

/** `shard_00` … `shard_63`, by what the backend is called. */
export function shardOf(backendId: string): string {
  return shardName(Number.parseInt(digest(backendId).slice(0, 4), 16) % SHARDS);
}

export function shardName(number: number): string {
  return `shard_${String(number).padStart(2, '0')}`;
}
