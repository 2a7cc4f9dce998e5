// Remembering a result for as long as the arguments are the same objects. Snapshots keep the identity of all that
// did not change, so there is nothing to invalidate, and what is remembered equals what would be computed anew.

/** Remembers the last call only. */
export function memoizeLast<A extends readonly unknown[], R>(
  compute: (...inputs: A) => R,
): (...inputs: A) => R {
  let last: { readonly inputs: A; readonly result: R } | undefined;
  return (...inputs) => {
    if (last === undefined || !sameItems(last.inputs, inputs)) last = { inputs, result: compute(...inputs) };
    return last.result;
  };
}

export function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

/** Of two objects of one shape. */
export function sameFields<T extends object>(a: T, b: T): boolean {
  return (Object.keys(b) as (keyof T)[]).every((key) => a[key] === b[key]);
}
