// Responses kept fresh from a responder that is sometimes wrong, slow or gone.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Certificate, Staple } from '../../../../src/model/model.ts';
import { findResponder, mayBeAsked } from '../../../../src/sources/staples/responder-address.ts';
import {
  type StapleState,
  type StapleWatcher,
  type WatchStaplesOptions,
  watchStaples,
} from '../../../../src/sources/staples/watch-staples.ts';
import { readPair } from '../../../../src/translate/certificates.ts';
import { type Authority, makeAuthority, makeLeaf, type Pair } from '../../../support/certs.ts';
import { eventually } from '../../../support/eventually.ts';
import { type OcspResponder, startOcspResponder } from '../../../support/ocsp-responder.ts';

const MINUTE = 60_000;
let authority: Authority;
let responder: OcspResponder;
let pair: Pair;
let certificate: Certificate;
let ending: AbortController;
/** The watcher's clock is ahead by so much. */
let skew: number;
let changes: number;

beforeAll(async () => {
  authority = await makeAuthority();
});
beforeEach(async () => {
  responder = await startOcspResponder(authority);
  pair = await makeLeaf(authority, { names: ['shop.example'], ocsp: responder.url });
  certificate = read(pair.cert, authority.cert);
  responder.know(pair);
  ending = new AbortController();
  skew = 0;
  changes = 0;
});
afterEach(async () => {
  ending.abort();
  await responder.close();
});

function read(...chain: readonly string[]): Certificate {
  const reading = readPair('default/cert', chain.join('\n'), pair.key);
  if (!reading.ok) throw new Error(reading.fault);
  return reading.certificate;
}

function watch(more: Partial<WatchStaplesOptions> = {}, wanted = [certificate]): StapleWatcher {
  const watcher = watchStaples({
    signal: ending.signal,
    onChange: () => {
      changes += 1;
    },
    allowed: ['127.0.0.0/8'],
    now: () => Date.now() + skew,
    pause: 20,
    ...more,
  });
  watcher.update(wanted);
  return watcher;
}

async function when(
  watcher: StapleWatcher,
  what: string,
  holds: (state: StapleState) => boolean,
): Promise<StapleState> {
  return eventually(what, () => {
    const state = watcher.states().get(certificate.leaf);
    return state !== undefined && holds(state) ? state : null;
  });
}

const isShown = ({ staple }: StapleState) => staple !== null;
const isFailing = ({ problem }: StapleState) => problem?.kind === 'failed';

test('asked at once, and once more after half of its life', async () => {
  const watcher = watch();
  const first = await when(watcher, 'a response', isShown);
  expect(first.problem).toBeNull();
  expect((first.staple?.ends ?? 0) * 1000 - Date.now()).toBeGreaterThan(58 * MINUTE);
  expect(responder.asked()).toBe(1);
  watcher.update([certificate]);
  expect(responder.asked()).toBe(1);
});

test('a response that is short of its end is asked for anew; the same certificate in two Secrets once', async () => {
  let number = 0;
  responder.answerWith(async (question, response) => {
    number += 1;
    // Signing anew gives another response: its times are in seconds.
    response.end(await responder.sign(question, { minutes: number }));
  });
  const watcher = watch({}, [certificate, { ...certificate, id: 'default/other' }]);
  const first = await when(watcher, 'a response', isShown);
  expect(responder.asked()).toBe(1);
  // Time goes on while the watcher sleeps: its next look is at the half of a minute at the latest.
  ending.abort();
  ending = new AbortController();
  skew += 40_000;
  const former = new Map<string, Staple>([[certificate.leaf, first.staple ?? { response: '', ends: 0 }]]);
  const again = watch({ former });
  expect(again.states().get(certificate.leaf)?.staple).toBe(first.staple);
  const next = await when(again, 'the next', ({ staple }) => staple !== null && staple !== first.staple);
  expect(next.staple?.ends).toBeGreaterThan(first.staple?.ends ?? 0);
});

test('what was in force at the start is taken up while it is valid, and not afterwards', async () => {
  const first = await when(watch(), 'a response', isShown);
  ending.abort();
  ending = new AbortController();
  const former = new Map<string, Staple>([[certificate.leaf, first.staple ?? { response: '', ends: 0 }]]);
  const asked = responder.asked();
  expect(watch({ former }).states().get(certificate.leaf)?.staple).toBe(first.staple);
  expect(responder.asked()).toBe(asked);
  responder.answerWith((_, response) => void response.writeHead(503).end());
  const old = watch({ former, now: () => Date.now() + 61 * MINUTE });
  expect(old.states().get(certificate.leaf)?.staple).toBeNull();
  await when(old, 'a failure', isFailing);
});

test.each<[string, Parameters<OcspResponder['answerWith']>[0], string]>([
  ['a status', (_, response) => void response.writeHead(500).end('x'), 'answered with status 500'],
  [
    'a redirect',
    (_, response) => void response.writeHead(307, { location: '/other' }).end(),
    'answered with status 307',
  ],
  [
    'junk',
    (_, response) => void response.end('junk'),
    'answered with something that is not an OCSP response',
  ],
  ['too much', (_, response) => void response.end(Buffer.alloc(100_000)), 'answered with too much'],
  ['nothing', (_, response) => void response.destroy(), 'cannot be reached (ECONNRESET)'],
])('%s keeps what is valid, and is tried again', async (_, answer, message) => {
  const first = await when(watch(), 'a response', isShown);
  ending.abort();
  ending = new AbortController();
  responder.answerWith(answer);
  skew += 40 * MINUTE;
  const former = new Map<string, Staple>([[certificate.leaf, first.staple ?? { response: '', ends: 0 }]]);
  const watcher = watch({ former });
  const state = await when(watcher, 'a failure', isFailing);
  expect(state).toEqual({ staple: first.staple, problem: { kind: 'failed', message } });
  const asked = responder.asked();
  await eventually('more questions', () => responder.asked() > asked + 1);
  expect(watcher.states().get(certificate.leaf)?.staple).toBe(first.staple);
  // Told once for all of them.
  expect(changes).toBe(2);
  skew += 21 * MINUTE;
  await when(watcher, 'its end', ({ staple }) => staple === null);
  responder.answerWith(async (question, response) => {
    response.end(await responder.sign(question, { minutes: 600 }));
  });
  expect((await when(watcher, 'a good one', isShown)).problem).toBeNull();
});

test('revoked: nothing is shown any more', async () => {
  const first = await when(watch(), 'a response', isShown);
  ending.abort();
  ending = new AbortController();
  responder.know(pair, 'revoked');
  skew += 40 * MINUTE;
  const former = new Map<string, Staple>([[certificate.leaf, first.staple ?? { response: '', ends: 0 }]]);
  const state = await when(watch({ former }), 'revocation', ({ problem }) => problem?.kind === 'revoked');
  expect(state.staple).toBeNull();
});

test('certificates without a responder, or without their issuer, ask nobody', async () => {
  const silent = await makeLeaf(authority, { names: ['silent.example'] });
  const key = pair.key;
  const lone = read(pair.cert);
  const wrong = read(pair.cert, (await makeAuthority()).cert);
  for (const one of [lone, wrong]) {
    const watcher = watch({}, [one]);
    const state = await when(watcher, 'a remark', ({ problem }) => problem !== null);
    expect(state).toEqual({ staple: null, problem: { kind: 'without-issuer' } });
  }
  pair = silent;
  const quiet = read(silent.cert, authority.cert);
  const watcher = watch({}, [quiet]);
  await sleep(50);
  expect(watcher.states().get(quiet.leaf)).toEqual({ staple: null, problem: null });
  pair = { cert: '', key };
  expect(responder.asked()).toBe(0);
});

test('a certificate that is out of service is forgotten while its answer is on the way', async () => {
  let held: (() => void) | null = null;
  responder.answerWith(async (question, response) => {
    const bytes = await responder.sign(question);
    held = () => void response.end(bytes);
  });
  const watcher = watch();
  await eventually('the question', () => held);
  watcher.update([]);
  (held as unknown as () => void)();
  expect(watcher.states().size).toBe(0);
  await eventually('the connection to end', () => responder.asked() === 1);
  expect([watcher.states().size, changes]).toEqual([0, 0]);
});

describe('where responders may be', () => {
  test.each([
    ['8.8.8.8', true],
    ['2001:4860:4860::8888', true],
    ['127.0.0.1', false],
    ['10.1.2.3', false],
    ['172.16.0.1', false],
    ['192.168.1.1', false],
    ['100.64.0.1', false],
    ['169.254.169.254', false],
    ['0.0.0.0', false],
    ['255.255.255.255', false],
    ['224.0.0.1', false],
    ['::1', false],
    ['::', false],
    ['fe80::1', false],
    ['fe80::1%eth0', false],
    ['fd00::1', false],
    ['::ffff:127.0.0.1', false],
    ['::ffff:10.0.0.1', false],
    ['64:ff9b::7f00:1', false],
    ['2002:7f00:1::', false],
    ['junk', false],
  ])('%s: %s', (address, expected) => {
    expect(mayBeAsked(address, [])).toBe(expected);
  });

  test('networks that the operator names', () => {
    const allowed = ['10.0.0.0/8', 'fd00::/8', '127.0.0.1'];
    for (const address of ['10.1.2.3', 'fd00::1', '127.0.0.1', '::ffff:10.0.0.1']) {
      expect(mayBeAsked(address, allowed)).toBe(true);
    }
    for (const address of ['127.0.0.2', '192.168.1.1', 'fe80::1'])
      expect(mayBeAsked(address, allowed)).toBe(false);
  });

  test.each([
    'http://127.0.0.1:1/x',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://0x7f.1/',
    'http://2130706433/',
  ])('%s is not asked', async (url) => {
    expect(await findResponder(url, [])).toEqual({
      ok: false,
      message: 'is at an address that is not asked (see --ocsp-responder-networks)',
    });
  });

  test.each(['ldap://x.example/', 'file:///etc/passwd', 'http://user:word@192.0.2.1/', 'junk', ''])(
    '%s is no address for a question',
    async (url) => {
      expect(await findResponder(url, ['0.0.0.0/0'])).toEqual({
        ok: false,
        message: 'has no address that can be asked over HTTP',
      });
    },
  );

  test('a name is asked at what it meant when it was looked at: one address of each family', async () => {
    const names: Readonly<Record<string, readonly string[]>> = {
      'both.example': ['10.0.0.1', '203.0.112.1', '203.0.112.2', 'fd00::1', '2600::1'],
      'inside.example': ['10.0.0.1', '127.0.0.1', '::1'],
    };
    const resolve = (name: string) => Promise.resolve(names[name] ?? []);
    const find = (name: string, allowed: readonly string[] = []) =>
      findResponder(`http://${name}:81/x?y`, allowed, resolve);
    expect(await find('both.example')).toMatchObject({ ok: true, addresses: ['203.0.112.1', '2600::1'] });
    expect(await find('both.example', ['10.0.0.0/8'])).toMatchObject({ addresses: ['10.0.0.1', '2600::1'] });
    expect(await find('inside.example')).toMatchObject({ ok: false });
    expect(await find('no.example')).toEqual({ ok: false, message: 'has a name that does not resolve' });
  });

  test('the watcher says so, and no connection is made', async () => {
    const state = await when(watch({ allowed: [] }), 'a failure', isFailing);
    expect(state.problem).toEqual({
      kind: 'failed',
      message: 'is at an address that is not asked (see --ocsp-responder-networks)',
    });
    expect(responder.asked()).toBe(0);
  });
});
