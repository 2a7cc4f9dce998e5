// Several certificates for one host: one of each key type, from whom, and in which order.
import { beforeAll, describe, expect, test } from '@jest/globals';
import { createDocuments } from '../../../src/render/documents.ts';
import { DEFAULT_TRANSLATE_OPTIONS } from '../../../src/translate/options.ts';
import { createTranslator } from '../../../src/translate/translate.ts';
import { type Authority, makeAuthority, makeLeaf, type Pair } from '../../support/certs.ts';
import {
  codes,
  ingress,
  ingressClass,
  path,
  secret,
  service,
  slice,
  snapshot,
  translate,
} from './support/objects.ts';

let authority: Authority;
let rsa: Pair;
let ec: Pair;
let ecToo: Pair;
let elsewhere: Pair;
beforeAll(async () => {
  authority = await makeAuthority();
  const names = ['shop.example'] as const;
  [rsa, ec, ecToo, elsewhere] = await Promise.all([
    makeLeaf(authority, { names: [...names], kind: 'rsa' }),
    makeLeaf(authority, { names: [...names] }),
    makeLeaf(authority, { names: [...names] }),
    makeLeaf(authority, { names: ['else.example'], kind: 'rsa' }),
  ]);
});

const data = (pair: Pair) => ({ 'tls.crt': pair.cert, 'tls.key': pair.key });
const list = (...names: readonly string[]) =>
  names.map((secretName) => ({ hosts: ['shop.example'], secretName }));
const over = (name: string, tls: ReturnType<typeof list>, day = 1, namespace = 'default') =>
  ingress(name, {
    tls,
    rules: [{ host: 'shop.example', paths: [path(`/${name}`)] }],
    metadata: { creationTimestamp: `2026-01-0${day}T00:00:00Z`, namespace },
  });
const secrets = () => [
  secret('rsa', data(rsa)),
  secret('ec', data(ec)),
  secret('ec-too', data(ecToo)),
  secret('else', data(elsewhere)),
  secret('bad', { 'tls.crt': 'junk', 'tls.key': 'junk' }),
];

function shown(...objects: Parameters<typeof translate>[0]) {
  const model = translate([...objects, ...secrets()]);
  const server = model.servers.get('shop.example');
  const used = [server?.certificate, ...(server?.otherCertificates ?? [])].filter((id) => id !== null);
  expect(new Set(model.certificates.keys())).toEqual(new Set(used));
  return { model, first: server?.certificate, others: server?.otherCertificates, said: codes(model) };
}

describe('RSA and ECDSA for one host', () => {
  test.each([
    [['rsa', 'ec'], 'default/rsa', ['default/ec']],
    [['ec', 'rsa'], 'default/ec', ['default/rsa']],
    [['rsa', 'rsa', 'ec', 'ec'], 'default/rsa', ['default/ec']],
  ])('entries %j of one Ingress', (names, first, others) => {
    expect(shown(over('a', list(...names)))).toMatchObject({ first, others, said: [] });
  });

  test('two Ingresses of one namespace, the older one first', () => {
    const objects = [over('young', list('rsa'), 2), over('old', list('ec'), 1)];
    expect(shown(...objects)).toMatchObject({ first: 'default/ec', others: ['default/rsa'], said: [] });
  });

  test('another namespace adds nothing', () => {
    const foreign = secret('rsa', data(rsa), 'foreign');
    const model = shown(over('a', list('ec')), over('b', list('rsa'), 2, 'foreign'), foreign);
    expect(model).toMatchObject({ first: 'default/ec', others: [] });
  });

  test('an older Ingress of another namespace decides, and nobody adds to it', () => {
    const foreign = secret('rsa', data(rsa), 'foreign');
    const model = shown(over('a', list('ec'), 2), over('b', list('rsa'), 1, 'foreign'), foreign);
    expect(model).toMatchObject({ first: 'foreign/rsa', others: [] });
  });

  test('of one key type the first is shown, and the other one is named', () => {
    expect(shown(over('a', list('ec', 'ec-too')))).toMatchObject({
      first: 'default/ec',
      others: [],
      said: ['info certificate-shadowed Ingress/default/a spec.tls[1].secretName'],
    });
  });

  test('what is wrong with one does not cost the other', () => {
    for (const names of [
      ['bad', 'ec'],
      ['ec', 'bad'],
    ]) {
      const { model, first, others, said } = shown(over('a', list(...names)));
      expect({ first, others, said }).toEqual({
        first: 'default/ec',
        others: [],
        said: ["error certificate-invalid Secret/default/bad data['tls.crt']"],
      });
      expect(model.diagnostics[0]?.message).toMatch(
        /; host shop\.example shows the certificate of Secret default\/ec$/,
      );
    }
    expect(shown(over('a', list('gone', 'ec', 'else')))).toMatchObject({
      first: 'default/ec',
      others: [],
      said: [
        'error secret-missing Ingress/default/a spec.tls[0].secretName',
        'error certificate-host Ingress/default/a spec.tls[2].secretName',
      ],
    });
  });

  test('an entry without a Secret asks for the default certificate, whatever follows', () => {
    expect(shown(over('a', [{ hosts: ['shop.example'], secretName: '' }, ...list('ec')]))).toMatchObject({
      first: null,
      others: [],
      said: [],
    });
  });

  test('as documents', () => {
    const { model } = shown(over('a', list('rsa', 'ec')));
    const documents = createDocuments()(model);
    expect(documents.get('host:shop.example')?.body).toMatchObject({
      certificate: 'default/rsa',
      otherCertificates: ['default/ec'],
    });
    expect(documents.get('certificate:default/rsa')?.body).toMatchObject({
      schemes: ['0804', '0805', '0806'],
    });
    expect(documents.get('certificate:default/ec')?.body).toMatchObject({ schemes: ['0403'] });
  });
});

describe('OCSP responses', () => {
  const staple = { response: 'AAAA', ends: 1 };
  const objects = () => [over('a', list('ec')), ...secrets()];
  const found = (asked: string) => {
    const config = { 'enable-ocsp': asked };
    const configMap = { kind: 'ConfigMap' as const, metadata: over('x', []).metadata, data: config };
    const leaf = translate(objects()).certificates.get('default/ec')?.leaf ?? '';
    const model = translate(
      [...objects(), configMap],
      { configmap: 'default/x' },
      { staples: new Map([[leaf, staple]]) },
    );
    return createDocuments()(model).get('certificate:default/ec')?.body;
  };

  test('stand in the document of their certificate when they are wanted', () => {
    expect(found('true')).toMatchObject({ ocsp: staple });
    expect(found('false')).not.toHaveProperty('ocsp');
  });
});

test('a translator that has seen other staples and kept certificates says what a fresh one says', () => {
  const fresh = () => createTranslator(DEFAULT_TRANSLATE_OPTIONS);
  const old = fresh();
  const objects = [ingressClass(), service(), slice(), over('a', list('ec', 'bad')), ...secrets()];
  const base = snapshot(objects);
  const certificate = old(base).certificates.get('default/ec');
  if (certificate === undefined) throw new Error('no certificate');
  const aside = { ...certificate, id: 'default/bad', keyType: 'other' };
  const kept = [
    new Map(),
    new Map([['default/bad', { certificate: aside, since: null, ranOut: false }]]),
    new Map([['default/bad', { certificate: aside, since: '2026-01-01T00:00:00.000Z', ranOut: false }]]),
  ];
  const staples = [new Map(), new Map([[certificate.leaf, { response: 'AAAA', ends: 1 }]])];
  for (let round = 0; round < 2; round++) {
    for (const keeping of kept) {
      for (const stapling of staples) {
        const next = { ...base, kept: keeping, staples: stapling };
        expect(old(next)).toEqual(fresh()(next));
      }
    }
  }
  const last = old({ ...base, kept: kept[2] ?? new Map() });
  expect(last.servers.get('shop.example')?.otherCertificates).toEqual(['default/bad']);
  expect(last.diagnostics.map(({ message }) => message)).toEqual([
    expect.stringMatching(
      /^tls\.crt .*; the certificate of before, valid until .*, is shown instead since 2026-01-01/,
    ),
  ]);
});
