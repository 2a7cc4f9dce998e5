// Which of the shared upstream blocks a backend's connections are kept in: one keepalive cache for everything
// thrashes, one block for each backend would be a reload for each backend.

import { digest } from './digest.ts';

/**
 * nginx looks for a kept connection by going through its block's one after the other: with 10,000 endpoints through 40
 * of 128 blocks, 80 of 64. A block takes 60 kB, twice while nginx reloads; more of them gained nothing.
 */
export const SHARDS = 128;
const LENGTHS = 16;

/**
 * Of one Service and port, however many ways it is balanced in: they share their kept connections, which are told apart
 * by address alone.
 */
export function connectionsOf(backendId: string): string {
  return backendId.split('/').slice(0, 3).join('/');
}

/**
 * `00_shard`, `01_shard_` … `7f_shard_______________`, by what the backend is called. nginx finds the block that a variable names
 * by comparing lengths, then letters, with one block after the other: so names differ in length, and where they begin.
 */
export function shardOf(backendId: string): string {
  return shardName(Number.parseInt(digest(connectionsOf(backendId)).slice(0, 4), 16) % SHARDS);
}

export function shardName(number: number): string {
  return `${number.toString(16).padStart(2, '0')}_shard${'_'.repeat(number % LENGTHS)}`;
}
