// Whether nginx runs other files than those that were proven: a reload signalled by a controller that was killed, or
// an operator's hand. Believed only when several looks in a row agree, since one look may be older than a compile.

import type { Sighting } from '../../nginx/publish/watch.ts';

const LOOKS = 3;

export interface Drift {
  /** @param expected digest of the files in force; null while that is changing. @returns whether drift is now seen. */
  look(sighting: Sighting, expected: string | null): boolean;
  /** Tells once: the next drift has to be seen anew. */
  isSeen(): boolean;
}

export function createDrift(): Drift {
  let looks = 0;
  return {
    look({ instances }, expected) {
      const differs = expected !== null && instances.some(({ files }) => files !== expected);
      looks = differs ? looks + 1 : 0;
      return looks >= LOOKS;
    },
    isSeen() {
      const seen = looks >= LOOKS;
      if (seen) looks = 0;
      return seen;
    },
  };
}
