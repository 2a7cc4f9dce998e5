// Snapshots with OCSP responses: for what is in service, only when it is asked for, kept over a restart.
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Model } from '../../../../src/model/model.ts';
import type { Snapshot } from '../../../../src/model/snapshot.ts';
import { createDocuments } from '../../../../src/render/documents.ts';
import { type StapledSource, withStaples } from '../../../../src/sources/staples/with-staples.ts';
import { DEFAULT_TRANSLATE_OPTIONS } from '../../../../src/translate/options.ts';
import { createTranslator } from '../../../../src/translate/translate.ts';
import { type Authority, makeAuthority, makeLeaf, type Pair } from '../../../support/certs.ts';
import { eventually } from '../../../support/eventually.ts';
import { type OcspResponder, startOcspResponder } from '../../../support/ocsp-responder.ts';
import {
  configMap,
  ingress,
  ingressClass,
  secret,
  service,
  slice,
  snapshot,
} from '../../translate/support/objects.ts';

const options = { ...DEFAULT_TRANSLATE_OPTIONS, configmap: 'ingress/config' };
let authority: Authority;
let responder: OcspResponder;
let pair: Pair;
let ending: AbortController;

beforeEach(async () => {
  authority = await makeAuthority();
  responder = await startOcspResponder(authority);
  pair = await makeLeaf(authority, { names: ['shop.example'], ocsp: responder.url });
  responder.know(pair);
  ending = new AbortController();
});
afterEach(async () => {
  ending.abort();
  await responder.close();
});

interface World {
  readonly models: Model[];
  readonly snapshots: Snapshot[];
  readonly source: StapledSource;
}

/** The loop as far as it concerns staples. */
function start(
  documents: Parameters<typeof withStaples>[0]['documents'] = new Map(),
  allowed = ['127.0.0.1'],
): World {
  const translate = createTranslator(options);
  const world: World = {
    models: [],
    snapshots: [],
    source: withStaples({
      signal: ending.signal,
      allowed,
      documents,
      gather: 5,
      pause: 20,
      onSnapshot(next) {
        const model = translate(next);
        world.snapshots.push(next);
        world.models.push(model);
        world.source.passed(model);
      },
    }),
  };
  return world;
}

function objects(asked: string, chain = `${pair.cert}\n${authority.cert}`): Snapshot {
  return snapshot([
    ingressClass(),
    service(),
    slice(),
    ingress('shop', { tls: [{ hosts: ['shop.example'], secretName: 'cert' }] }),
    secret('cert', { 'tls.crt': chain, 'tls.key': pair.key }),
    secret('unused', { 'tls.crt': chain, 'tls.key': pair.key }),
    configMap({ 'enable-ocsp': asked }),
  ]);
}

const stapleOf = (model: Model | undefined) => model?.certificates.get('default/cert')?.staple ?? null;

test('off: nobody is asked, and Snapshots pass as they are', () => {
  const { source, snapshots, models } = start();
  const given = objects('false');
  source.take(given, 0);
  expect(snapshots).toEqual([given]);
  expect(snapshots[0]).toBe(given);
  expect(stapleOf(models[0])).toBeNull();
  expect(responder.asked()).toBe(0);
});

test('on: the certificate is served at once, with its response when that has come, and no more passes', async () => {
  const { source, snapshots, models } = start();
  source.take(objects('true'), 0);
  expect(stapleOf(models[0])).toBeNull();
  await eventually('a staple', () => stapleOf(models.at(-1)));
  expect(snapshots).toHaveLength(2);
  expect(responder.asked()).toBe(1);
  expect(models.at(-1)?.diagnostics).toEqual([]);
  const off = { ...objects('false') };
  source.take(off, 0);
  expect(stapleOf(models.at(-1))).toBeNull();
});

test('after a restart what was in force is there from the first Snapshot on', async () => {
  const before = start();
  before.source.take(objects('true'), 0);
  await eventually('a staple', () => stapleOf(before.models.at(-1)));
  const [model] = before.models.slice(-1);
  if (model === undefined) throw new Error('no model');
  const documents = createDocuments()(model);
  responder.answerWith((_, response) => void response.writeHead(503).end());

  const { source, models } = start(documents);
  source.take(objects('true'), 0);
  expect(stapleOf(models[0])).toEqual(stapleOf(model));
  const again = createDocuments()(models[0] ?? model);
  expect([...again].map(([key, { digest }]) => [key, digest])).toEqual(
    [...documents].map(([key, { digest }]) => [key, digest]),
  );
});

test('what is wrong is said of the Secret', async () => {
  const { source, models } = start(new Map(), []);
  source.take(objects('true'), 0);
  const said = () =>
    models.at(-1)?.diagnostics.map(({ code, object, message }) => `${code} ${object} ${message}`);
  await eventually('a diagnostic', () => (said()?.length ?? 0) > 0);
  expect(said()).toEqual([
    'ocsp-failed Secret/default/cert there is no new OCSP response: the responder is at an address that is not asked (see --ocsp-responder-networks); none is shown',
  ]);
  source.take(objects('true', pair.cert), 0);
  await eventually('another', () => said()?.[0]?.startsWith('ocsp-issuer-missing Secret/default/cert '));
});
