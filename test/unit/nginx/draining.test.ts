import { expect, test } from '@jest/globals';
import { countBirths } from '../../../src/nginx/draining.ts';

test.each([
  ['no worker', [], 0],
  ['the workers of one reload', [1000, 1001, 1003, 1003], 1],
  ['forked slowly, one after the other', [1000, 1008, 1016, 1024], 1],
  ['of three, in any order', [1500, 1000, 1010, 1501, 1001], 3],
])('%s', (_, births, reloads) => {
  expect(countBirths(births)).toBe(reloads);
});
