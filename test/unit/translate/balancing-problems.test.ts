// What annotations about balancing ask for without effect is told.
import { expect, test } from '@jest/globals';
import { balanced, told } from './support/balanced.ts';

test.each<[string, string, Record<string, string>]>([
  ['upstream-hash-by-subset', 'true', {}],
  ['upstream-hash-by-subset-size', '4', { 'upstream-hash-by': '$host' }],
  ['upstream-fail-timeout', '9', {}],
  ['upstream-fail-statuses', '500', { 'upstream-max-fails': '0' }],
  ['upstream-max-ejected', '10', {}],
  ['health-check-path', '/up', {}],
  ['health-check-interval', '9', {}],
  ['health-check-path', '/up', { 'health-check': 'tcp' }],
  ['health-check-statuses', '200', { 'health-check': 'grpc' }],
  ['health-check-service', 'x', { 'health-check': 'http' }],
  ['session-cookie-name', 'sid', {}],
  ['session-cookie-max-age', '60', {}],
  ['affinity-mode', 'persistent', {}],
])('%s %j beside %j has no effect, and is told', (name, value, others) => {
  const alone = balanced(others);
  const found = balanced({ ...others, [name]: value });
  expect(found.balancing).toEqual(alone.balancing);
  expect(found.codes).toEqual([told('warning', 'annotation-idle', name)]);
});

test('a cookie that no browser would keep is told', () => {
  const cookie = { affinity: 'cookie', 'session-cookie-samesite': 'None' };
  expect(balanced({ ...cookie, 'session-cookie-secure': 'false' }).codes).toEqual([
    told('warning', 'cookie-refused', 'session-cookie-samesite'),
  ]);
  expect(balanced({ ...cookie, 'session-cookie-secure': 'true' }).codes).toEqual([]);
  expect(balanced(cookie).codes).toEqual([]);
});

test('a threshold of panic needs something that finds endpoints out of order', () => {
  const idle = [told('warning', 'annotation-idle', 'panic-threshold')];
  expect(balanced({ 'panic-threshold': '40' }).codes).toEqual(idle);
  expect(balanced({ 'panic-threshold': '40', 'upstream-max-fails': '0' }).codes).toEqual(idle);
  expect(balanced({ 'panic-threshold': '0' }).codes).toEqual([]);
  expect(balanced({ 'panic-threshold': '40', 'health-check': 'tcp' }).codes).toEqual([]);
  expect(balanced({ 'panic-threshold': '40' }, { 'upstream-max-fails': '3' }).codes).toEqual([]);
});

test('load-balance chash is told where a subset is asked for as well', () => {
  const found = balanced({
    'load-balance': 'chash',
    'upstream-hash-by': '$host',
    'upstream-hash-by-subset': 'true',
  });
  expect(found).toMatchObject({
    balancing: { algorithm: 'chashsubset' },
    codes: [told('warning', 'annotation-idle', 'load-balance')],
  });
});

test('where the cluster balances there is nothing to pick', () => {
  const own = { 'load-balance': 'ewma', 'slow-start': '9', affinity: 'cookie' };
  expect(balanced({ ...own, 'service-upstream': 'true' }).codes).toEqual(
    ['affinity', 'load-balance', 'slow-start'].map((name) => told('warning', 'annotation-idle', name)),
  );
  expect(balanced({ 'upstream-hash-by': '$host', 'service-upstream': 'true' }).codes).toEqual([
    told('warning', 'annotation-idle', 'upstream-hash-by'),
  ]);
  const nothing = { 'load-balance': 'round_robin', 'slow-start': '0', 'service-upstream': 'true' };
  expect(balanced(nothing).codes).toEqual([]);
  expect(balanced({ ...own, 'service-upstream': 'false' }).codes).toEqual([]);
});

test.each(['upstream-hash-by-subset', 'session-cookie-change-on-failure'])(
  '%s "false" asks for nothing',
  (name) => {
    expect(balanced({ [name]: 'false' })).toMatchObject({ plain: true, codes: [] });
  },
);
