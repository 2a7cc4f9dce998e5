import { expect, test } from '@jest/globals';
import type { DocumentChange, Plan } from '../../../src/model/plan.ts';
import { createPropagation } from '../../../src/reconcile/propagation.ts';

const CHANGE: DocumentChange = { put: [], remove: ['backend:a'] };
const push: Plan = { kind: 'push', reasons: ['changed'], change: CHANGE };
const nothing: Plan = { kind: 'nothing', reasons: [] };
const compile = (digest: string, when: 'now' | 'calm' = 'now'): Plan => ({
  kind: 'push+compile',
  reasons: ['changed'],
  change: CHANGE,
  compile: {
    when,
    reasons: ['changed'],
    files: { digest, texts: new Map(), sections: new Map(), compiled: new Map(), lines: [] },
  },
});

function start() {
  const clock = { time: 0 };
  const told: string[] = [];
  const propagation = createPropagation(
    (kind, milliseconds) => told.push(`${kind} ${milliseconds}`),
    () => clock.time,
  );
  return { clock, told, ...propagation };
}

test('a push counts when it is in force, for each Snapshot that it stands for', () => {
  const { clock, told, ...propagation } = start();
  propagation.noticed(0);
  propagation.noticed(2);
  propagation.planned(push);
  propagation.noticed(3);
  clock.time = 5;
  propagation.pushed(true);
  expect(told).toEqual(['push 5', 'push 3']);
  propagation.planned(push);
  clock.time = 9;
  propagation.pushed(true);
  expect(told.slice(2)).toEqual(['push 6']);
});

test('what was refused counts when it is taken at last, and what changes nothing never', () => {
  const { clock, told, ...propagation } = start();
  propagation.noticed(0);
  propagation.planned(push);
  propagation.pushed(false);
  clock.time = 500;
  propagation.planned(push);
  propagation.pushed(true);
  expect(told).toEqual(['push 500']);
  propagation.noticed(500);
  propagation.planned(nothing);
  propagation.pushed(true);
  expect(told).toHaveLength(1);
});

test('what needs files counts when they are proven, what came meanwhile when it was pushed', () => {
  const { clock, told, ...propagation } = start();
  propagation.noticed(0);
  propagation.planned(compile('a'));
  propagation.pushed(true);
  propagation.noticed(1);
  propagation.planned(compile('a'));
  clock.time = 2;
  propagation.pushed(true);
  expect(told).toEqual(['push 1']);
  propagation.noticed(2);
  propagation.planned(compile('b'));
  propagation.pushed(true);
  clock.time = 100;
  propagation.compiled('a');
  expect(told.slice(1)).toEqual(['compile 100']);
  clock.time = 200;
  propagation.compiled('b');
  expect(told.slice(2)).toEqual(['compile 198']);
});

test('a calm compile holds up nothing', () => {
  const { told, ...propagation } = start();
  propagation.noticed(0);
  propagation.planned(compile('a', 'calm'));
  propagation.pushed(true);
  expect(told).toEqual(['push 0']);
});
