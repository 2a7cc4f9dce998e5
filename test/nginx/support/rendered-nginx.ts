// A real nginx on what `render` makes of a model, with the documents on disk where init_by_lua finds them.
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { ensureNginx } from '../../../openresty/install-nginx.ts';
import { loadTemplates } from '../../../src/cli/load-templates.ts';
import { encodeBatch } from '../../../src/model/batch.ts';
import type { Model } from '../../../src/model/model.ts';
import type { Rendered } from '../../../src/model/rendered.ts';
import { LAYOUT, type Runtime } from '../../../src/model/runtime.ts';
import { detectNginx } from '../../../src/nginx/detect/detect-nginx.ts';
import { inOrder, md5 } from '../../../src/nginx/state/document-store.ts';
import { ensureFolders } from '../../../src/nginx/state/folders.ts';
import { startNginx } from '../../../src/nginx/supervise/start-nginx.ts';
import { stateDigest } from '../../../src/plan/state-digest.ts';
import { createRenderer } from '../../../src/render/render.ts';
import type { Pair } from '../../support/certs.ts';
import { killAll } from './compile-bed.ts';

export type RenderedNginx = {
  readonly rendered: Rendered;
  readonly prefix: string;
  /** The same model for shared memory of another size, not put in force. */
  readonly withDocumentsSize: (documentsSize: number) => Rendered;
  /** Another model for the same nginx, not put in force. */
  readonly renderAgain: (model: Model) => Rendered;
  readonly close: () => Promise<void>;
};

export async function startRendered(
  model: Model,
  {
    compile,
    defaultPair,
    servers,
  }: {
    readonly compile: ReadonlySet<string>;
    readonly defaultPair: Pair;
    /** Further text of the http block. */
    readonly servers?: (rendered: Rendered, prefix: string) => string;
  },
): Promise<RenderedNginx> {
  const nginx = await ensureNginx();
  const prefix = await mkdtemp(join(tmpdir(), 'rendered-nginx-'));
  const close = async () => {
    await killAll(prefix);
    await rm(prefix, { recursive: true, force: true });
  };
  try {
    await chmod(prefix, 0o755); // workers run as another user than a test that is root
    await ensureFolders(prefix);
    const loaded = await loadTemplates(null);
    if ('diagnostics' in loaded) throw new Error(JSON.stringify(loaded.diagnostics));
    const include = join(prefix, 'conf/servers.conf');
    const detected = await detect(nginx.binary, prefix);
    const runtime = { ...detected, includeHttp: servers === undefined ? [] : [include] };
    const render = createRenderer(loaded.templates);
    const withDocumentsSize = (documentsSize: number) =>
      render(model, { runtime: { ...runtime, documentsSize }, compile });
    const rendered = withDocumentsSize(runtime.documentsSize);
    for (const [path, text] of filesOf(rendered, defaultPair)) {
      await mkdir(dirname(join(prefix, path)), { recursive: true });
      await writeFile(join(prefix, path), text);
    }
    if (servers !== undefined) await writeFile(include, servers(rendered, prefix));
    const { binary, env } = nginx;
    const started = await startNginx({ binary, prefix, env, deadlineMs: 20_000 });
    if (started.outcome === 'failed') throw new Error(started.message);
    const renderAgain = (next: Model) => render(next, { runtime, compile });
    return { rendered, prefix, withDocumentsSize, renderAgain, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function detect(binary: string, prefix: string): Promise<Runtime> {
  const detected = await detectNginx({
    binary,
    prefix,
    luaFolder: resolve(import.meta.dirname, '../../../lua'),
    documentsSize: 8 << 20,
    includeMain: [],
    includeHttp: [],
  });
  if ('outcome' in detected) throw new Error(detected.message);
  return detected.runtime;
}

function filesOf(
  { files, documents }: Rendered,
  { cert, key }: Pair,
): readonly (readonly [string, string])[] {
  const snapshot = encodeBatch(
    {
      type: 'full',
      version: { epoch: 1, generation: 1 },
      base: null,
      state: stateDigest(documents.values()),
      put: inOrder(documents),
      remove: [],
    },
    md5,
  );
  return [
    ...files.texts,
    [`${LAYOUT.documents}/000001.snapshot`, snapshot],
    [LAYOUT.defaultCertificate, cert],
    [LAYOUT.defaultKey, key],
  ];
}
