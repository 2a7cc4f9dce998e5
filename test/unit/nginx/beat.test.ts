import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { untilBeat } from '../../../src/nginx/beat.ts';

test('whoever waits for a beat of one period, or of its double, wakes with the others', () => {
  const time = fc.double({ min: 0, max: 1e9, noNaN: true });
  fc.assert(
    fc.property(time, fc.constantFrom(50, 500, 1000), (now, period) => {
      const wait = untilBeat(period, now);
      expect(wait).toBeGreaterThanOrEqual(period / 10);
      expect(wait).toBeLessThanOrEqual(1.1 * period + 1);
      // Timers take whole milliseconds, so beats are hit within one.
      expect((now + wait) % period).toBeLessThan(1);
    }),
  );
});
