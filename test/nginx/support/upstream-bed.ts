// Manifests → a real nginx that serves them, compiled or interpreted: for what only directives can say of endpoints.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
  readonly errorLog: () => Promise<string>;
  readonly close: () => Promise<void>;
};

export async function startUpstreamBed(
  form: Form,
  objects: readonly Manifest[],
  settings: Readonly<Record<string, string>> = {},
): Promise<UpstreamBed> {
  const [httpPort = 0, httpsPort = 0] = await freePorts(2);
  const folder = await mkdtemp(join(tmpdir(), 'upstream-bed-'));
  try {
    const own = { 'bind-address': '127.0.0.1', 'worker-processes': '2', 'disable-access-log': 'true' };
    const all = [ingressClass(), configMap('settings', { ...own, ...settings }), ...objects];
    await writeFile(join(folder, 'in.yaml'), toYaml(all));
    const options = { ...DEFAULT_TRANSLATE_OPTIONS, configmap: 'default/settings', httpPort, httpsPort };
    const model = createTranslator(options)(await readFiles([folder]));
    const compile = form === 'compiled' ? chooseCompiled(model, 1000, new Set()) : new Set<string>();
    const defaultPair = await makeLeaf(await makeAuthority(), { names: ['default.example'] });
    const { prefix, close } = await startRendered(model, { compile, defaultPair });
    return {
      prefix,
      httpPort,
      httpsPort,
      diagnostics: model.diagnostics.map(({ code, object }) => `${code} ${object}`),
      get: (host, more) => request({ port: more?.tls === undefined ? httpPort : httpsPort, host, ...more }),
      errorLog: () => readFile(join(prefix, 'logs/error.log'), 'utf8'),
      close,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
