import { beforeEach, expect, test } from '@jest/globals';
import type { Diagnostic } from '../../../../../src/model/diagnostic.ts';
import { EMPTY_SNAPSHOT, type Snapshot } from '../../../../../src/model/snapshot.ts';
import {
  createEventWriter,
  type EventWriterOptions,
} from '../../../../../src/sources/kubernetes/events/event-writer.ts';
import { eventually } from '../../../../support/eventually.ts';
import type { ApiServer, Json } from '../lease/support/api-server.ts';
import type { ManualClock } from '../lease/support/manual-clock.ts';
import { SILENT } from '../lease/support/open-test-cluster.ts';
import { writerBed } from '../lease/support/writer-bed.ts';
import { createSnapshots, putIngress, uidOf } from '../status/support.ts';

const MINUTE = 60_000;

const bed = writerBed();
const { leadership } = bed;
let api: ApiServer;
let clock: ManualClock;
beforeEach(() => {
  ({ api, clock } = bed);
  putIngress(api, 'shop');
});

function start(more: Partial<EventWriterOptions> = {}) {
  const writer = createEventWriter({ cluster: bed.opened.cluster, leadership, clock, log: SILENT, ...more });
  const { stop } = bed.run(writer);
  const snapshots = createSnapshots(api);
  const offer = (diagnostics: readonly Diagnostic[], more: Partial<Snapshot> = {}) =>
    writer.offer(diagnostics, { ...snapshots(), ...more });
  return { writer, stop, offer };
}

function diagnostic(more: Partial<Diagnostic> = {}): Diagnostic {
  return {
    code: 'service-missing',
    severity: 'error',
    object: 'Ingress/default/shop',
    field: 'spec.rules[0]',
    message: 'the Service "web" does not exist; requests get 503',
    hint: 'Create it.',
    ...more,
  };
}

const events = () => [...api.objects].filter(([path]) => path.includes('/events/')).map(([, event]) => event);
const only = () => {
  const [event, ...more] = events();
  expect(more).toEqual([]);
  return event as Json;
};
const made = () => api.seen.filter(({ method, status }) => method === 'POST' && status === 201).length;
const appear = () => eventually('an Event', () => events()[0]);
const quiet = () => new Promise((resolve) => setTimeout(resolve, 60));
const untilCount = (count: number) => eventually(`count ${count}`, () => only().count === count);

test('a diagnostic becomes an Event on its object', async () => {
  const { offer } = start();
  offer([diagnostic()]);
  await appear();
  expect(only()).toEqual({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: {
      name: expect.stringMatching(/^shop\.[0-9a-f]{16}$/),
      namespace: 'default',
      uid: expect.any(String),
      resourceVersion: expect.any(String),
    },
    involvedObject: {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      namespace: 'default',
      name: 'shop',
      uid: uidOf(api, 'shop'),
    },
    type: 'Warning',
    reason: 'ServiceMissing',
    message: 'spec.rules[0]: the Service "web" does not exist; requests get 503 — Create it.',
    source: { component: 'ingress-openresty' },
    reportingComponent: 'ingress-openresty',
    firstTimestamp: '2026-01-01T00:00:01Z',
    lastTimestamp: '2026-01-01T00:00:01Z',
    count: 1,
  });
});

test('what stands is told once, again when it changes or comes back, and half-hourly against forgetting', async () => {
  const { offer } = start();
  offer([diagnostic()]);
  await appear();
  for (let index = 0; index < 20; index += 1) offer([diagnostic()]);
  await clock.advance(5 * MINUTE);
  expect(only().count).toBe(1);
  offer([diagnostic({ message: 'the Service "other" does not exist' })]);
  await untilCount(2);
  expect(only().message).toContain('"other"');
  offer([]);
  await quiet();
  offer([diagnostic()]);
  await untilCount(3);
  await clock.advance(31 * MINUTE);
  await untilCount(4);
  expect(only().lastTimestamp).toMatch(/^2026-01-01T00:3/);
  expect(made()).toBe(1);
});

test('several of one code about one object are one Event', async () => {
  const { offer } = start();
  offer([diagnostic(), diagnostic({ field: 'spec.rules[1]' }), diagnostic({ field: 'spec.rules[2]' })]);
  await appear();
  await quiet();
  expect(only().message).toBe(
    'spec.rules[0]: the Service "web" does not exist; requests get 503 — Create it. (and 2 more of this kind)',
  );
});

test('remarks are not told unless asked for; files and flags have no object', async () => {
  const remark = diagnostic({ severity: 'info', code: 'class-unknown' });
  const first = start();
  first.offer([remark, diagnostic({ object: 'File/a.yaml' }), diagnostic({ object: 'Flag/--prefix' })]);
  await quiet();
  expect(api.seen).toEqual([]);
  await first.stop();
  const second = start({ info: true });
  second.offer([remark]);
  await appear();
  expect(only()).toMatchObject({ type: 'Normal', reason: 'ClassUnknown' });
});

test('an IngressClass is told about in `default`, with a uid that is asked for', async () => {
  api.put('/apis/networking.k8s.io/v1/ingressclasses/nginx', {
    metadata: { name: 'nginx', uid: 'class-uid' },
  });
  const { offer } = start();
  offer([diagnostic({ object: 'IngressClass/nginx' })]);
  const event = await appear();
  expect(event.metadata).toMatchObject({ namespace: 'default' });
  expect(event.involvedObject).toEqual({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    name: 'nginx',
    uid: 'class-uid',
  });
});

test('a Secret is never fetched for an Event, and no value of one is in it', async () => {
  const value = 'hunter2-and-some-more\nof it';
  const secret = {
    kind: 'Secret' as const,
    metadata: { name: 's', namespace: 'default', creationTimestamp: '', annotations: {}, labels: {} },
    type: 'Opaque',
    data: { password: value },
  };
  const { offer } = start();
  const leaking = diagnostic({
    object: 'Secret/default/s',
    message: `the value ${JSON.stringify(value)} is no PEM`,
  });
  offer([leaking, diagnostic({ object: 'Secret/default/gone' })], {
    secrets: new Map([['default/s', secret]]),
  });
  await eventually('two', () => events().length === 2);
  expect(JSON.stringify(events())).not.toContain('hunter2');
  expect(JSON.stringify(events())).toContain('withheld');
  expect(api.seen.filter(({ method }) => method === 'GET')).toEqual([]);
});

test('an object that is gone is not told about', async () => {
  const { offer, writer } = start();
  offer([diagnostic({ object: 'Ingress/default/gone' })]);
  await eventually('given up', () => writer.facts().dropped === 1);
  expect(events()).toEqual([]);
});

test('a controller that starts anew goes on with the Event that is there', async () => {
  const first = start();
  first.offer([diagnostic()]);
  await appear();
  first.offer([diagnostic({ message: 'x' })]);
  await untilCount(2);
  await first.stop();
  const second = start();
  second.offer([diagnostic()]);
  await eventually('adopted', () => String(only().message).includes('"web"'));
  expect(only().count).toBe(2);
  second.offer([diagnostic({ message: 'y' })]);
  await untilCount(3);
  expect(made()).toBe(1);
});

test('a flapping object is told about 25 times, then once in five minutes', async () => {
  const { offer, writer } = start({ perSecond: 1e3 });
  for (let index = 0; index < 60; index += 1) {
    offer([diagnostic({ message: `flap ${index}` })]);
    await eventually('its turn', () => writer.facts().waiting === 0);
    await clock.advance(10);
  }
  expect(only().count).toBe(25);
  expect(writer.facts()).toEqual({ sent: 25, dropped: 35, waiting: 0 });
  await clock.advance(5 * MINUTE);
  offer([diagnostic({ message: 'later' })]);
  await untilCount(26);
});

test('somebody removes the Event: it is made again after ten minutes, not before', async () => {
  const { offer } = start();
  const forget = () => {
    for (const path of api.objects.keys()) if (path.includes('/events/')) api.objects.delete(path);
  };
  offer([diagnostic()]);
  await appear();
  forget();
  offer([diagnostic({ message: 'again' })]);
  await eventually('the attempt', () =>
    api.seen.some(({ method, status }) => method === 'PATCH' && status === 404),
  );
  await quiet();
  expect(events()).toEqual([]);
  await clock.advance(11 * MINUTE);
  offer([diagnostic({ message: 'and again' })]);
  await appear();
  expect(made()).toBe(2);
});

test('a new object of the same name has an Event of its own', async () => {
  const { offer } = start();
  offer([diagnostic()]);
  await appear();
  api.objects.delete('/apis/networking.k8s.io/v1/namespaces/default/ingresses/shop');
  putIngress(api, 'shop');
  offer([diagnostic({ message: 'of the new one' })]);
  await eventually('two', () => events().length === 2);
  expect(made()).toBe(2);
});

test('only the leader tells; who becomes it tells what stands then', async () => {
  bed.leading = false;
  const { offer } = start();
  offer([diagnostic(), diagnostic({ code: 'left-meanwhile' })]);
  await clock.advance(10 * MINUTE);
  offer([diagnostic()]);
  expect(api.seen).toEqual([]);
  bed.leading = true;
  bed.tellChange();
  await appear();
  await quiet();
  expect(only().reason).toBe('ServiceMissing');
});

test('1,000 broken Ingresses: one request at a time, at the pace; a full queue drops the oldest and counts', async () => {
  const names = Array.from({ length: 1_000 }, (_, index) => `i${index}`);
  for (const name of names) putIngress(api, name);
  const said: string[] = [];
  const warn: EventWriterOptions['log']['warn'] = (_: unknown, message?: string) =>
    void said.push(message ?? '');
  const { offer, writer } = start({ capacity: 100, perSecond: 5, log: { ...SILENT, warn } });
  offer(names.map((name) => diagnostic({ object: `Ingress/default/${name}` })));
  await eventually('the burst', () => made() === 25);
  await quiet();
  expect(made()).toBe(25);
  await clock.advance(10_000);
  expect(made()).toBeLessThanOrEqual(76);
  await clock.advance(10_000);
  await eventually('the rest', () => made() === 100);
  expect(writer.facts()).toEqual({ sent: 100, dropped: 900, waiting: 0 });
  expect(api.most()).toBe(1);
  expect(said.length).toBe(1);
});

test('403: the namespace is left alone for a while, others are told, and it is said once', async () => {
  api.put('/apis/networking.k8s.io/v1/namespaces/other/ingresses/b', {
    metadata: { name: 'b', namespace: 'other' },
  });
  api.fault = ({ method, path }) => (method === 'POST' && path.includes('/default/') ? 403 : null);
  const said: unknown[] = [];
  const { offer } = start({ log: { ...SILENT, warn: (fields: unknown) => void said.push(fields) } });
  const all = (message: string) => [
    diagnostic({ message }),
    diagnostic({ message, code: 'second' }),
    diagnostic({ message, object: 'Ingress/other/b' }),
  ];
  offer(all('one'));
  await eventually('the other', () => events().length === 1);
  offer(all('two'));
  await quiet();
  expect(api.seen.filter(({ method, status }) => method === 'POST' && status === 403).length).toBe(1);
  expect(said).toMatchObject([{ hint: 'Allow create and patch of events.' }]);
  api.fault = () => null;
  await clock.advance(11 * MINUTE);
  offer(all('three'));
  await eventually('all', () => events().length === 3);
});

test('while the API server is down it is asked with growing pauses; then only what still stands is told', async () => {
  api.fault = () => 'reset';
  const { offer, writer } = start();
  offer([diagnostic(), diagnostic({ code: 'left-meanwhile' })]);
  await eventually('the first attempt', () => api.seen.length >= 1);
  for (let round = 0; round < 40; round += 1) {
    offer([diagnostic({ message: `round ${round}` }), diagnostic({ code: 'left-meanwhile' })]);
    await clock.advance(15_000);
  }
  expect(api.seen.length).toBeGreaterThan(8);
  expect(api.seen.length).toBeLessThan(30);
  // Attempts are no Events: an outage of hours uses up nobody's number of them.
  await clock.advance(60 * MINUTE);
  offer([diagnostic({ message: 'the last' })]);
  api.fault = () => null;
  await clock.advance(80_000);
  await appear();
  expect(writer.facts().dropped).toBe(0);
  expect(only()).toMatchObject({ reason: 'ServiceMissing' });
  expect(only().message).toContain('the last');
});

test('an Event that the server cannot take is given up after twelve attempts', async () => {
  api.fault = ({ path }) => (path.includes('/events') ? 500 : null);
  const { offer, writer } = start();
  offer([diagnostic()]);
  await eventually('the first attempt', () => api.seen.length >= 1);
  await clock.advance(20 * MINUTE);
  expect(writer.facts()).toMatchObject({ sent: 0, dropped: 1, waiting: 0 });
  expect(api.seen.filter(({ method }) => method === 'POST').length).toBe(12);
});

test('without a Snapshot of the object a long message is cut, in whole characters', async () => {
  const { offer } = start();
  offer([diagnostic({ message: 'ä'.repeat(2_000) })], EMPTY_SNAPSHOT);
  const event = await appear();
  const message = String(event.message);
  expect(Buffer.byteLength(message)).toBeLessThanOrEqual(1024);
  expect(message).toMatch(/^spec\.rules\[0\]: ä+…$/);
});
