// Manifests → a real nginx that serves them, compiled or interpreted: for what only directives can say of endpoints.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeBatch } from '../../../src/model/batch.ts';
import type { DocumentChange, Plan } from '../../../src/model/plan.ts';
import type { Rendered } from '../../../src/model/rendered.ts';
import { LAYOUT } from '../../../src/model/runtime.ts';
import type { Snapshot } from '../../../src/model/snapshot.ts';
import { md5 } from '../../../src/nginx/state/document-store.ts';
import { plan } from '../../../src/plan/plan.ts';
import { nextStateDigest, stateDigest } from '../../../src/plan/state-digest.ts';
import { chooseCompiled } from '../../../src/render/compilable.ts';
import { readFiles } from '../../../src/sources/files/read-files.ts';
import { DEFAULT_TRANSLATE_OPTIONS } from '../../../src/translate/options.ts';
import { createTranslator } from '../../../src/translate/translate.ts';
import { configMap, ingressClass, type Manifest, toYaml } from '../../e2e/support/objects.ts';
import { makeAuthority, makeLeaf } from '../../support/certs.ts';
import { type RawRequest, type RawResponse, request } from '../../support/http-client.ts';
import { freePorts } from '../../support/ports.ts';
import { startRendered } from './rendered-nginx.ts';

export type Form = 'compiled' | 'interpreted';
export const FORMS: readonly Form[] = ['compiled', 'interpreted'];

export type UpstreamBed = {
  readonly prefix: string;
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly diagnostics: readonly string[];
  readonly get: (host: string, options?: Partial<RawRequest>) => Promise<RawResponse>;
  /** Puts what other objects mean in force as far as a push can; the files stay. Returns the plan. */
  readonly push: (objects: readonly Manifest[]) => Promise<Plan>;
  readonly errorLog: () => Promise<string>;
  readonly close: () => Promise<void>;
};

export async function startUpstreamBed(
  form: Form,
  objects: readonly Manifest[],
  settings: Readonly<Record<string, string>> = {},
): Promise<UpstreamBed> {
  const [httpPort = 0, httpsPort = 0] = await freePorts(2);
  const own = { 'bind-address': '127.0.0.1', 'worker-processes': '2', 'disable-access-log': 'true' };
  const global = [ingressClass(), configMap('settings', { ...own, ...settings })];
  const options = { ...DEFAULT_TRANSLATE_OPTIONS, configmap: 'default/settings', httpPort, httpsPort };
  const translate = createTranslator(options);
  const modelOf = async (wanted: readonly Manifest[]) => translate(await snapshotOf([...global, ...wanted]));
  const model = await modelOf(objects);
  const compile = form === 'compiled' ? chooseCompiled(model, 1000, new Set()) : new Set<string>();
  const defaultPair = await makeLeaf(await makeAuthority(), { names: ['default.example'] });
  const { prefix, rendered, renderAgain, close } = await startRendered(model, { compile, defaultPair });
  return {
    prefix,
    httpPort,
    httpsPort,
    diagnostics: model.diagnostics.map(({ code, object }) => `${code} ${object}`),
    get: (host, more) => request({ port: more?.tls === undefined ? httpPort : httpsPort, host, ...more }),
    async push(wanted) {
      const { digest, sections, compiled, terms = new Map() } = rendered.files;
      const files = { digest, sections, compiled, terms };
      const applied = { documents: rendered.documents, files, compiling: null };
      const next = plan(applied, renderAgain(await modelOf(wanted)));
      if (next.kind !== 'nothing') await post(prefix, applied.documents, next.change);
      return next;
    },
    errorLog: () => readFile(join(prefix, 'logs/error.log'), 'utf8'),
    close,
  };
}

async function snapshotOf(objects: readonly Manifest[]): Promise<Snapshot> {
  const folder = await mkdtemp(join(tmpdir(), 'upstream-bed-'));
  try {
    await writeFile(join(folder, 'in.yaml'), toYaml(objects));
    return await readFiles([folder]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** As the first change after what nginx loaded from disk. */
async function post(prefix: string, documents: Rendered['documents'], change: DocumentChange): Promise<void> {
  const batch = {
    type: 'delta',
    version: { epoch: 1, generation: 2 },
    base: { epoch: 1, generation: 1 },
    state: nextStateDigest(stateDigest(documents.values()), documents, change),
    ...change,
  } as const;
  const body = encodeBatch(batch, md5);
  const answer = await request({
    port: 0,
    socketPath: join(prefix, LAYOUT.controlSocket),
    method: 'POST',
    target: '/config',
    headers: { 'Content-Length': String(Buffer.byteLength(body)) },
    body,
  });
  if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.body}`);
}
