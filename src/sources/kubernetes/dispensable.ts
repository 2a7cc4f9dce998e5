// When a kind that we may not read counts as one to do without. An API server that has just started refuses everybody until
// it has read its roles, some kinds a moment longer than others: to go by such a refusal would take away all that is ours
// by its class. So it counts from the second time after everything else has been listed.

import type { Failure } from './failure.ts';

const REFUSALS = 2;

/** @param othersListed whether every other kind has been listed by now. */
export function createDispensable(othersListed: () => boolean): (failure: Failure) => boolean {
  let refusals = 0;
  return ({ status }) => {
    const isRefused = status === 403 || status === 404;
    refusals = isRefused && othersListed() ? refusals + 1 : 0;
    return refusals >= REFUSALS;
  };
}
