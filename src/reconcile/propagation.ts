// From the moment at which a source noticed a change to the moment at which it is in force: measured for each Snapshot
// whose change was sent. `push`: acknowledged by every live nginx with a 200, so no later request sees what was before.
// `compile`: it was not served as asked before the files were proven, and this is when they were.

import type { Plan } from '../model/plan.ts';

export type PropagationKind = 'push' | 'compile';

export interface Propagation {
  /** @param at when the source noticed it, as `performance.now()` tells it. */
  noticed(at: number): void;
  /** A pass that has seen all that was noticed until now. */
  planned(plan: Plan): void;
  /** The push of that pass has ended; `inForce`: so that every live nginx has it. */
  pushed(inForce: boolean): void;
  /** Files came into force. */
  compiled(digest: string): void;
}

export function createPropagation(
  observe: (kind: PropagationKind, milliseconds: number) => void,
  now: () => number,
): Propagation {
  let noticed: number[] = [];
  let inHand: number[] = [];
  let plan: Plan = { kind: 'nothing', reasons: [] };
  /** Files that compiles are asked for, the newest last, and who waits for them. */
  let waiting: { readonly files: string; readonly births: readonly number[] }[] = [];

  return {
    noticed(at) {
      // A refused change may stay so for hours: what counts then is how long the oldest waits.
      if (noticed.length < MOST) noticed.push(at);
    },
    planned(next) {
      plan = next;
      inHand = [...inHand, ...noticed].slice(0, MOST);
      noticed = [];
    },
    pushed(inForce) {
      if (!inForce) return;
      const taken = inHand;
      inHand = [];
      const files = filesWaitedFor(plan);
      if (files !== null && files !== waiting.at(-1)?.files) {
        if (waiting.length < MOST) waiting.push({ files, births: taken });
      } else if (plan.kind !== 'nothing' && plan.change.put.length + plan.change.remove.length > 0) {
        tell('push', taken);
      }
    },
    compiled(digest) {
      const upTo = waiting.findLastIndex(({ files }) => files === digest) + 1;
      for (const { births } of waiting.slice(0, upTo)) tell('compile', births);
      waiting = waiting.slice(upTo);
    },
  };

  function tell(kind: PropagationKind, births: readonly number[]): void {
    for (const birth of births) observe(kind, now() - birth);
  }
}

function filesWaitedFor(plan: Plan): string | null {
  return plan.kind === 'push+compile' && plan.compile.when === 'now' ? plan.compile.files.digest : null;
}

const MOST = 1000;
