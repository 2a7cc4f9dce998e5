// How endpoints are spoken to: what annotations and the Secrets that they name come to in a profile, and what they
// deny. The goldens of upstream-protocol hold most; here are the fine points.
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Secret } from '../../../src/model/kubernetes.ts';
import type { Model } from '../../../src/model/model.ts';
import { DEFAULT_TRANSLATE_OPTIONS } from '../../../src/translate/options.ts';
import { createTranslator } from '../../../src/translate/translate.ts';
import { makeAuthority, makeLeaf, type Pair } from '../../support/certs.ts';
import {
  codes,
  ingress,
  ingressClass,
  metadata,
  ours,
  path,
  routes,
  secret,
  service,
  snapshot,
  translate,
} from './support/objects.ts';

let pair: Pair;
let other: Pair;
let ca: string;

beforeAll(async () => {
  const authority = await makeAuthority();
  ca = authority.cert;
  pair = await makeLeaf(authority, { names: ['client'] });
  other = await makeLeaf(authority, { names: ['other'] });
});

const withPair = (name: string, more: Readonly<Record<string, string>> = {}) =>
  secret(name, { 'tls.crt': pair.cert, 'tls.key': pair.key, ...more });
const web = (annotations: Readonly<Record<string, string>>, name = 'a') =>
  ingress(name, {
    metadata: { annotations: ours(annotations) },
    rules: [{ host: 'shop.example', paths: [path('/'), path('/more')] }],
  });
const upstreamOf = (model: Model) => routes(model)[0]?.profile.upstream;

describe('protocols', () => {
  test.each([
    ['https', 'HTTPS'],
    ['GRPC', 'GRPC'],
    ['Grpcs', 'GRPCS'],
    ['AUTO_HTTP', 'AUTO_HTTP'],
  ])('%s is %s, without TLS of its own', (value, protocol) => {
    const model = translate([web({ 'backend-protocol': value }), service()]);
    expect(upstreamOf(model)).toEqual({ protocol, tls: null, fastcgi: null });
    expect(routes(model)[0]?.denied).toBe(null);
  });

  test('HTTP, an unknown one and none are plain HTTP: one profile for all', () => {
    const plain = routes(translate([web({}), service()]))[0]?.profile;
    expect(plain).not.toHaveProperty('upstream');
    for (const value of ['HTTP', 'http', 'SPDY', '']) {
      const model = translate([web({ 'backend-protocol': value }), service()]);
      expect(routes(model)[0]?.profile).toEqual(plain);
    }
  });

  test('TLS options mean nothing to protocols without TLS', () => {
    for (const protocol of ['GRPC', 'HTTP'])
      expect(
        upstreamOf(
          translate([web({ 'backend-protocol': protocol, 'proxy-ssl-secret': 'default/s' }), withPair('s')]),
        )?.tls ?? null,
      ).toBe(null);
  });
});

describe('identities', () => {
  const base = { 'backend-protocol': 'HTTPS', 'proxy-ssl-secret': 'default/s' };

  test('the key is in the identity alone, and goes when nobody shows it any more', () => {
    const translator = createTranslator({ ...DEFAULT_TRANSLATE_OPTIONS });
    const first = translator(snapshot([ingressClass(), web(base), service(), withPair('s')]));
    expect([...first.identities.keys()]).toEqual(['default/s']);
    expect(first.identities.get('default/s')?.key).toContain('PRIVATE KEY');
    expect(JSON.stringify([...first.servers.values()])).not.toContain('PRIVATE KEY');
    expect([...first.authorities]).toEqual([]);
    const second = translator(
      snapshot([ingressClass(), web({ 'backend-protocol': 'HTTPS' }), service(), withPair('s')]),
    );
    expect([...second.identities]).toEqual([]);
  });

  test('routes of one Ingress to one Service share a profile object', () => {
    const [one, two] = routes(translate([web(base), service(), withPair('s')]));
    expect(two?.profile).toBe(one?.profile);
  });

  test('authorities without verification stay out of the files', () => {
    const model = translate([web(base), service(), withPair('s', { 'ca.crt': ca })]);
    expect([...model.authorities]).toEqual([]);
    const verified = translate([
      web({ ...base, 'proxy-ssl-verify': 'on', 'proxy-ssl-verify-depth': '0' }),
      service(),
      withPair('s', { 'ca.crt': `# a note\n${ca}${ca}` }),
    ]);
    const [authority] = verified.authorities.values();
    expect(authority?.bundle).toBe(ca.trimEnd().concat('\n'));
    expect(upstreamOf(verified)?.tls).toMatchObject({
      authority: authority?.id,
      verifyDepth: 1,
      identity: 'default/s',
      name: 'web.default.svc',
      serverName: false,
    });
  });

  test('a Secret that comes, breaks or goes changes no profile, only what is served', () => {
    const profiles = [[], [withPair('s')], [secret('s', { 'tls.crt': pair.cert, 'tls.key': other.key })]].map(
      (secrets) => {
        const [route] = routes(translate([web(base), service(), ...secrets]));
        return { profile: route?.profile, served: route?.denied === null };
      },
    );
    expect(profiles.map(({ served }) => served)).toEqual([false, true, false]);
    expect(profiles[0]?.profile).toEqual(profiles[1]?.profile);
    expect(profiles[2]?.profile).toEqual(profiles[1]?.profile);
  });

  test.each<[string, Readonly<Record<string, string>>, string]>([
    ['missing', { 'proxy-ssl-secret': 'default/gone' }, 'secret-missing'],
    ['foreign', { 'proxy-ssl-secret': 'kube-system/s' }, 'secret-foreign'],
    ['unverifiable', { 'proxy-ssl-verify': 'on' }, 'upstream-unverifiable'],
  ])('%s denies and says so, once for all hosts', (_, annotations, code) => {
    const wanted = web({ ...base, ...annotations });
    const two = { ...wanted, rules: [...wanted.rules, { host: 'b.example', paths: [path('/')] }] };
    const foreign = { ...withPair('s'), metadata: metadata('s', { namespace: 'kube-system' }) };
    const model = translate([two, service(), withPair('s'), foreign]);
    for (const route of routes(model)) expect(route.denied).not.toBe(null);
    expect(codes(model).filter((text) => text.includes(code))).toHaveLength(1);
    expect([...model.identities]).toEqual([]);
  });

  test('whoever asks for another namespace’s Secret learns nothing of it', () => {
    const asked = (secrets: readonly Secret[]) =>
      translate([web({ ...base, 'proxy-ssl-secret': 'kube-system/s' }), service(), ...secrets]);
    const foreign = { ...withPair('s'), metadata: metadata('s', { namespace: 'kube-system' }) };
    expect(asked([foreign]).diagnostics).toEqual(asked([]).diagnostics);
  });

  test('reasons hold no user text', () => {
    const name = 'default/evil-name';
    const model = translate([web({ ...base, 'proxy-ssl-secret': name }), service()]);
    expect(routes(model)[0]?.denied).toBe('the Secret of proxy-ssl-secret is missing');
  });
});
