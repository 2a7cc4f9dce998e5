// At most so many of some actions at a time, the others in the order in which they came.

export function createGate(most: number): <Value>(action: () => Promise<Value>) => Promise<Value> {
  const queue: (() => void)[] = [];
  let running = 0;

  return async (action) => {
    if (running >= most) await new Promise<void>((resolve) => queue.push(resolve));
    else running += 1;
    try {
      return await action();
    } finally {
      // The place goes straight to the next in line.
      const next = queue.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
