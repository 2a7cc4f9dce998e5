// Reaching every live nginx of the prefix through one socket. During a hot upgrade two masters listen on it and the
// kernel decides who answers; it tends to wake the same idle worker again, so misses are followed by bursts:
// whoever is busy with one of them leaves the others to its neighbours.

import { setTimeout as sleep } from 'node:timers/promises';
import { isServing, type Master } from '../processes.ts';
import type { ConfigClient, PostOutcome } from './config-client.ts';
import type { ConfigStatus } from './status.ts';

export interface Reach {
  readonly client: ConfigClient;
  /** The live masters; those that no longer take connections are not waited for. */
  readonly masters: () => Promise<readonly Master[]>;
  readonly signal: AbortSignal;
}

export interface Survey {
  /** One for each instance that answered. */
  readonly statuses: readonly ConfigStatus[];
  /** Why there is none, or why one is missing; null when every serving master answered. */
  readonly trouble: string | null;
}

export type PushOutcome =
  | { readonly outcome: 'in-force'; readonly statuses: readonly ConfigStatus[] }
  /** Nobody there, or one did not confirm. */
  | { readonly outcome: 'unconfirmed'; readonly message: string }
  /** This one holds another version than the batch can follow. */
  | { readonly outcome: 'behind'; readonly status: ConfigStatus }
  | Extract<PostOutcome, { readonly outcome: 'full' | 'malformed' }>;

const ROUNDS = 20;
const LARGEST_BURST = 12;
const BUSY_TRIES = 20;
const FAILURES = 4;

/** Asks until every serving master has answered. */
export async function survey(reach: Reach): Promise<Survey> {
  const found = new Map<number, ConfigStatus>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const answers = await Promise.all(Array.from({ length: burst(round) }, () => reach.client.getStatus()));
    for (const answer of answers) {
      if (answer.outcome === 'ok') found.set(answer.status.instance.master, answer.status);
    }
    const missing = await unheard(reach, found);
    if (found.size > 0 && missing.length === 0) return { statuses: [...found.values()], trouble: null };
    const failed = answers.find((answer) => answer.outcome === 'unreachable');
    if (failed !== undefined && (missing.length === 0 || round >= FAILURES)) {
      return { statuses: [...found.values()], trouble: failed.message };
    }
    await pause(reach, Math.min(5 * round, 50));
  }
  const missing = await unheard(reach, found);
  return { statuses: [...found.values()], trouble: silence(missing) };
}

/** Sends one batch until every serving master has it in force. Repeating it is harmless. */
export async function push(reach: Reach, text: string): Promise<PushOutcome> {
  const confirmed = new Map<number, ConfigStatus>();
  let [rounds, busy, failures] = [0, 0, 0];
  for (;;) {
    const answer = await postInBurst(reach, text, rounds);
    switch (answer.outcome) {
      case 'ok': {
        confirmed.set(answer.status.instance.master, answer.status);
        const missing = await unheard(reach, confirmed);
        if (missing.length === 0) return { outcome: 'in-force', statuses: [...confirmed.values()] };
        rounds += 1;
        if (rounds >= ROUNDS) return { outcome: 'unconfirmed', message: silence(missing) };
        await pause(reach, Math.min(5 * rounds, 50));
        break;
      }
      case 'busy':
        busy += 1;
        if (busy >= BUSY_TRIES)
          return { outcome: 'unconfirmed', message: 'nginx is busy with another batch' };
        await pause(reach, Math.min(5 * 2 ** busy, 250));
        break;
      case 'unreachable': {
        failures += 1;
        const missing = await unheard(reach, confirmed);
        if (missing.length === 0 || failures >= FAILURES || reach.signal.aborted) {
          return { outcome: 'unconfirmed', message: answer.message };
        }
        await pause(reach, 50 * failures);
        break;
      }
      case 'stale':
      case 'base':
        return { outcome: 'behind', status: answer.status };
      case 'full':
      case 'malformed':
        return answer;
    }
  }
}

async function postInBurst({ client }: Reach, text: string, round: number): Promise<PostOutcome> {
  const others = Array.from({ length: burst(round) - 1 }, () => client.getStatus());
  const [answer] = await Promise.all([client.postBatch(text), ...others]);
  return answer;
}

function burst(round: number): number {
  return Math.min(2 ** round, LARGEST_BURST);
}

async function unheard(reach: Reach, heard: ReadonlyMap<number, ConfigStatus>): Promise<readonly Master[]> {
  return (await reach.masters()).filter((master) => isServing(master) && !heard.has(master.pid));
}

function silence(missing: readonly Master[]): string {
  return `nginx (master ${missing.map((master) => master.pid).join(', ')}) does not answer on the control socket`;
}

async function pause({ signal }: Reach, milliseconds: number): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => {});
}
