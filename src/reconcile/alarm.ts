// One timer for many wishes to be woken: the earliest wins, and what is woken asks again for the rest.

export interface Alarm {
  within(milliseconds: number): void;
}

export function createAlarm(wake: () => void, signal: AbortSignal): Alarm {
  let timer: NodeJS.Timeout | undefined;
  let at = Number.POSITIVE_INFINITY;
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  return {
    within(milliseconds) {
      const wanted = performance.now() + milliseconds;
      if (signal.aborted || wanted >= at) return;
      clearTimeout(timer);
      at = wanted;
      timer = setTimeout(() => {
        at = Number.POSITIVE_INFINITY;
        wake();
      }, Math.ceil(milliseconds));
    },
  };
}
