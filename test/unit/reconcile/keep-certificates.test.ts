// A bad Secret never replaces a good certificate: what is served instead, what is said, and over restarts.
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Document, documentKey } from '../../../src/model/document.ts';
import type { KubernetesObject } from '../../../src/model/kubernetes.ts';
import type { Model } from '../../../src/model/model.ts';
import { keepCertificates } from '../../../src/reconcile/keep-certificates.ts';
import { createDocuments } from '../../../src/render/documents.ts';
import { DEFAULT_TRANSLATE_OPTIONS } from '../../../src/translate/options.ts';
import { createTranslator } from '../../../src/translate/translate.ts';
import { type Authority, makeAuthority, makeLeaf, type Pair } from '../../support/certs.ts';
import { ingress, ingressClass, secret, service, slice, snapshot } from '../translate/support/objects.ts';

const NOW = Date.parse('2026-06-01T00:00:00Z');
const names = ['shop.example'] as const;
let authority: Authority;
let first: Pair;
let second: Pair;
let old: Pair;
beforeAll(async () => {
  authority = await makeAuthority();
  const notBefore = new Date('2026-01-01T00:00:00Z');
  const until = (text: string) =>
    makeLeaf(authority, { names: [...names], notBefore, notAfter: new Date(text) });
  [first, second, old] = await Promise.all([
    until('2027-01-01T00:00:00Z'),
    until('2027-02-01T00:00:00Z'),
    until('2026-05-01T00:00:00Z'),
  ]);
});

const data = (pair: Pair) => ({ 'tls.crt': pair.cert, 'tls.key': pair.key });
const shop = ingress('shop', { tls: [{ hosts: ['shop.example'], secretName: 'cert' }] });

function start(documents: ReadonlyMap<string, Document> = new Map()) {
  const translate = keepCertificates(createTranslator(DEFAULT_TRANSLATE_OPTIONS), {
    documents: documents as ReadonlyMap<ReturnType<typeof documentKey>, Document>,
    now: () => NOW,
  });
  const fixed = [ingressClass(), service(), slice(), shop];
  return (...objects: readonly KubernetesObject[]) => translate(snapshot([...fixed, ...objects]));
}

function served(model: Model): string {
  const id = model.servers.get('shop.example')?.certificate ?? null;
  if (id === null) return 'default';
  const { chain, key } = model.certificates.get(id) ?? { chain: '', key: '' };
  const pair = [first, second, old].find(({ cert }) => chain.startsWith(cert.trim()));
  expect(key.trim()).toBe(pair?.key.trim());
  return pair === first ? 'first' : pair === second ? 'second' : pair === old ? 'old' : 'unknown';
}

function said(model: Model): readonly string[] {
  return model.diagnostics.map(({ code, object, field, message }) => `${code} ${object} ${field} ${message}`);
}

const BAD: readonly (readonly [string, () => Readonly<Record<string, string>>, string])[] = [
  ['empty', () => ({ 'tls.crt': '', 'tls.key': '' }), 'tls.crt is missing'],
  ['garbage', () => ({ 'tls.crt': 'garbage', 'tls.key': 'garbage' }), 'tls.crt is not a PEM certificate'],
  ['the key of another', () => ({ ...data(second), 'tls.key': first.key }), 'tls.key does not belong'],
  [
    'the chain the wrong way round',
    () => ({ ...data(second), 'tls.crt': `${authority.cert}\n${second.cert}` }),
    'tls.crt does not begin with the certificate of the key',
  ],
  ['the key as certificate', () => ({ ...data(second), 'tls.crt': second.key }), 'tls.crt is not a PEM'],
  [
    'the certificate as key',
    () => ({ ...data(second), 'tls.key': second.cert }),
    'tls.key is not a PEM private',
  ],
  ['one that ran out', () => data(old), 'tls.crt ran out at 2026-05-01T00:00:00.000Z'],
];

describe('while the controller runs', () => {
  test.each(BAD)('%s: the one before goes on, and the Secret is named', (_, bad, fault) => {
    const see = start();
    expect(served(see(secret('cert', data(first))))).toBe('first');
    for (let i = 0; i < 3; i++) {
      const model = see(secret('cert', bad()));
      expect(served(model)).toBe('first');
      expect(said(model)).toEqual([
        expect.stringMatching(/^certificate-invalid Secret\/default\/cert data\['tls\.(crt|key)'\] /),
      ]);
      expect(said(model)[0]).toContain(fault);
      expect(said(model)[0]).toContain(
        'the certificate of before, valid until 2027-01-01T00:00:00.000Z, is shown instead since 2026-06-01T00:00:00.000Z',
      );
      expect(JSON.stringify(model.diagnostics)).not.toContain('PRIVATE');
    }
    const mended = see(secret('cert', data(second)));
    expect([served(mended), said(mended)]).toEqual(['second', []]);
    expect(served(see(secret('cert', bad())))).toBe('second');
  });

  test('a Secret that is gone keeps nothing, also when it comes back bad', () => {
    const see = start();
    see(secret('cert', data(first)));
    expect(served(see())).toBe('default');
    expect(served(see(secret('cert', { 'tls.crt': 'x', 'tls.key': 'x' })))).toBe('default');
  });

  test('one that was bad from the beginning has nothing to go on with', () => {
    const see = start();
    const model = see(secret('cert', { 'tls.crt': 'x', 'tls.key': 'x' }));
    expect(served(model)).toBe('default');
    expect(said(model)[0]).toContain('host shop.example shows the default certificate instead');
    expect(served(see(secret('cert', data(old))))).toBe('old');
  });

  test('one that runs out while it is served stays, and so does its renewal that ran out later', () => {
    const see = start();
    expect(served(see(secret('cert', data(old))))).toBe('old');
    expect(served(see(secret('cert', { ...data(old), more: 'x' })))).toBe('old');
    expect(served(see(secret('cert', { ...data(old), 'tls.key': first.key })))).toBe('old');
  });

  test('the default certificate of the flag, too', () => {
    const options = { ...DEFAULT_TRANSLATE_OPTIONS, defaultSslCertificate: 'default/cert' };
    const translate = keepCertificates(createTranslator(options), { documents: new Map(), now: () => NOW });
    translate(snapshot([secret('cert', data(first))]));
    const model = translate(snapshot([secret('cert', { 'tls.crt': 'x' })]));
    expect(model.settings.defaultCertificate).toBe('default/cert');
    expect(model.certificates.get('default/cert')?.chain).toContain(first.cert.trim());
    expect(said(model)).toHaveLength(1);
  });

  test('nothing is made anew when nothing changed', () => {
    const see = start();
    const bad = secret('cert', { 'tls.crt': 'x', 'tls.key': 'x' });
    see(secret('cert', data(first)));
    const model = see(bad);
    expect(see(bad).certificates.get('default/cert')).toBe(model.certificates.get('default/cert'));
  });
});

describe('after a restart', () => {
  test.each(BAD)('%s: what the documents in force hold goes on', (_, bad, fault) => {
    const before = createDocuments()(start()(secret('cert', data(first))));
    const see = start(before);
    const model = see(secret('cert', bad()));
    expect(served(model)).toBe('first');
    expect(said(model)[0]).toContain(fault);
    expect(said(model)[0]).toMatch(/is shown instead$/);
    expect([...createDocuments()(model).values()].map(({ digest }) => digest)).toEqual(
      [...before.values()].map(({ digest }) => digest),
    );
    const again = start(createDocuments()(see(secret('cert', bad()))));
    expect(served(again(secret('cert', bad())))).toBe('first');
    expect(served(see(secret('cert', data(second))))).toBe('second');
  });

  test('a Secret that went in the meantime keeps nothing', () => {
    const before = createDocuments()(start()(secret('cert', data(first))));
    expect(served(start(before)())).toBe('default');
  });
});
