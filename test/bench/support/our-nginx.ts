// Our data plane as the controller makes it: objects → translate → render → files, and the documents by POST /config.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureNginx } from '../../../openresty/install-nginx.ts';
import { loadTemplates } from '../../../src/cli/load-templates.ts';
import { PACKAGE } from '../../../src/cli/package.ts';
import { encodeBatch } from '../../../src/model/batch.ts';
import type { Model } from '../../../src/model/model.ts';
import type { Rendered } from '../../../src/model/rendered.ts';
import { LAYOUT } from '../../../src/model/runtime.ts';
import { detectNginx } from '../../../src/nginx/detect/detect-nginx.ts';
import { createConfigClient } from '../../../src/nginx/publish/config-client.ts';
import { inOrder, md5 } from '../../../src/nginx/state/document-store.ts';
import { stateDigest } from '../../../src/plan/state-digest.ts';
import { chooseCompiled } from '../../../src/render/compilable.ts';
import { createRenderer } from '../../../src/render/render.ts';
import { readFiles } from '../../../src/sources/files/read-files.ts';
import { DEFAULT_TRANSLATE_OPTIONS } from '../../../src/translate/options.ts';
import { createTranslator } from '../../../src/translate/translate.ts';
import { configMap, ingressClass, type Manifest } from '../../e2e/support/objects.ts';
import { makeAuthority, makeLeaf } from '../../support/certs.ts';
import { freePorts } from '../../support/ports.ts';
import { makePrefix, type RunningNginx, runIn } from './plain-nginx.ts';

export type OurNginx = RunningNginx & {
  readonly rendered: Rendered;
  readonly port: number;
  readonly tlsPort: number;
};

export type OurOptions = {
  /** Hosts that get a server of their own; the others are interpreted. */
  readonly compile: 'all' | 'none' | number;
  /** Further keys of the ConfigMap. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly workers?: number;
  readonly documentsSize?: number;
  /** Lua of another revision, to compare with; ours. */
  readonly luaFolder?: string;
};

export async function startOurs(objects: readonly Manifest[], options: OurOptions): Promise<OurNginx> {
  const { settings = {}, workers = 1 } = options;
  const [port = 0, tlsPort = 0] = await freePorts(2);
  const own = {
    'bind-address': '127.0.0.1',
    'worker-processes': String(workers),
    'disable-access-log': 'true',
    ...settings,
  };
  const model = await modelOf([...objects, configMap('settings', own)], { port, tlsPort });
  const prefix = await makePrefix();
  const rendered = await renderFor(model, prefix, options);
  const leaf = await makeLeaf(await makeAuthority(), { names: ['default.invalid'] });
  const nginx = await runIn(prefix, [
    ...rendered.files.texts,
    [LAYOUT.defaultCertificate, leaf.cert],
    [LAYOUT.defaultKey, leaf.key],
  ]);
  try {
    await push(nginx.prefix, rendered);
  } catch (error) {
    await nginx.close();
    throw error;
  }
  return { ...nginx, rendered, port, tlsPort };
}

export async function modelOf(
  objects: readonly Manifest[],
  { port, tlsPort }: { readonly port: number; readonly tlsPort: number },
): Promise<Model> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-objects-'));
  try {
    const items = [ingressClass(), ...objects];
    await writeFile(join(folder, 'world.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    const ports = { configmap: 'default/settings', httpPort: port, httpsPort: tlsPort };
    const translate = createTranslator({ ...DEFAULT_TRANSLATE_OPTIONS, ...ports });
    return translate(await readFiles([folder]));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function renderFor(
  model: Model,
  prefix: string,
  { compile, documentsSize = 256 << 20, luaFolder = PACKAGE.lua }: OurOptions,
): Promise<Rendered> {
  const loaded = await loadTemplates(null);
  if ('diagnostics' in loaded) throw new Error(JSON.stringify(loaded.diagnostics));
  const { binary } = await ensureNginx();
  const detected = await detectNginx({
    binary,
    prefix,
    luaFolder,
    documentsSize,
    includeMain: [],
    includeHttp: [],
  });
  if ('outcome' in detected) throw new Error(detected.message);
  const maximum = compile === 'all' ? model.servers.size : compile === 'none' ? 0 : compile;
  const hosts = chooseCompiled(model, maximum, new Set());
  return createRenderer(loaded.templates)(model, { runtime: detected.runtime, compile: hosts });
}

/** All documents as one full batch, as the controller sends it to a new instance. */
async function push(prefix: string, { documents }: Rendered): Promise<void> {
  const client = createConfigClient({
    socketPath: join(prefix, LAYOUT.controlSocket),
    signal: new AbortController().signal,
    answerWithin: 60_000,
  });
  const batch = {
    type: 'full' as const,
    version: { epoch: 1, generation: 1 },
    base: null,
    state: stateDigest(documents.values()),
    put: inOrder(documents),
    remove: [],
  };
  const answer = await client.postBatch(encodeBatch(batch, md5));
  if (answer.outcome !== 'ok') throw new Error(`/config: ${JSON.stringify(answer)}`);
}
