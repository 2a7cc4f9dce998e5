import { cpus } from 'node:os';
import { expect, test } from '@jest/globals';
import { expectedWorkers } from '../../../../src/nginx/reload/expected-workers.ts';

test('a number is that number, whatever ran before', () => {
  expect([...expectedWorkers('\n  worker_processes  3 ;\n', 7)]).toEqual([3]);
});

test('without the directive nginx starts one', () => {
  expect([...expectedWorkers('# worker_processes 8;\nevents {}', 0)]).toEqual([1]);
});

test('auto is the number of processors, or as many as before', () => {
  expect(expectedWorkers('worker_processes auto;', 0).has(cpus().length)).toBe(true);
  expect(expectedWorkers('worker_processes auto;', 99).has(99)).toBe(true);
  expect(expectedWorkers('worker_processes auto;', 0).has(0)).toBe(false);
});
