// Remembering by what moved since the last call has one danger: a call that throws midway has taken note of changes
// that it did not work in, and nobody would ever look at them again.

/** The same function, made anew after each call that throws. */
export function forgetful<A extends readonly unknown[], R>(
  create: () => (...inputs: A) => R,
): (...inputs: A) => R {
  let work = create();
  return (...inputs) => {
    try {
      return work(...inputs);
    } catch (error) {
      work = create();
      throw error;
    }
  };
}
