// One gateway for one test: a fresh prefix and manifests folder, free ports, the real controller and a real nginx.
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureNginx, type Nginx } from '../../../openresty/install-nginx.ts';
import type { StateReport } from '../../../src/serve/state.ts';
import { eventually } from '../../support/eventually.ts';
import { type RawRequest, type RawResponse, request } from '../../support/http-client.ts';
import { freePorts } from '../../support/ports.ts';
import { type Controller, startController } from './controller.ts';
import { handleNginx, killNginxOf, type NginxHandle, WORKERS } from './nginx-handle.ts';
import { configMap, ingressClass, type Manifest, toYaml } from './objects.ts';

export type GatewayOptions = {
  /** `supervised`: the controller starts nginx. `by-hand`: we do, when the files are there. `none`: the test does. */
  readonly nginx?: 'supervised' | 'by-hand' | 'none';
  readonly flags?: readonly string[] | ((at: Places) => readonly string[]);
  /** Global settings beside those that keep the gateway on loopback. */
  readonly settings?: Readonly<Record<string, string>>;
  /** File name → objects, there before the controller starts. */
  readonly manifests?: Readonly<Record<string, readonly Manifest[]>>;
  /** How long the start may take. Default 30 s. */
  readonly settleMs?: number;
  /** What else has to be there before the controller starts. */
  readonly prepare?: (at: Places) => Promise<void>;
};

export type Places = {
  readonly folder: string;
  readonly prefix: string;
  readonly manifests: string;
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly adminPort: number;
};

export type Gateway = Places & {
  readonly nginx: Nginx;
  readonly proxy: NginxHandle;
  readonly controller: () => Controller;
  /** Starts the controller (again) on the same prefix. */
  readonly startController: (extraFlags?: readonly string[]) => Controller;
  readonly state: () => Promise<StateReport>;
  /** The first report that `holds`; throws with the last one and the logs. */
  readonly stateWhen: (
    what: string,
    holds: (state: StateReport) => boolean,
    timeoutMs?: number,
  ) => Promise<StateReport>;
  readonly settled: (timeoutMs?: number) => Promise<StateReport>;
  /** Changes something and waits until it was pushed and is in force everywhere. */
  readonly change: (act: () => Promise<unknown>) => Promise<StateReport>;
  /** Writes a manifest aside and renames it into place. */
  readonly put: (file: string, ...objects: readonly Manifest[]) => Promise<void>;
  readonly putText: (file: string, text: string) => Promise<void>;
  readonly remove: (file: string) => Promise<void>;
  readonly get: (host: string, options?: Partial<RawRequest>) => Promise<RawResponse>;
  readonly getTls: (host: string, options?: Partial<RawRequest>) => Promise<RawResponse>;
  /** What to read when a test fails. */
  readonly logs: () => Promise<string>;
  readonly cleanup: () => Promise<void>;
};

const SETTINGS = {
  'bind-address': '127.0.0.1',
  'worker-processes': String(WORKERS),
  'disable-access-log': 'true',
} as const;

/** Resolves when everything is in force; throws with all logs, and cleans up, when it never is. */
export async function startGateway(options: GatewayOptions = {}): Promise<Gateway> {
  const gateway = await prepareGateway(options);
  try {
    gateway.startController();
    const { nginx = 'supervised', settleMs = 30_000 } = options;
    if (nginx === 'by-hand') {
      await gateway.stateWhen('the files are written', ({ files }) => files !== null, settleMs);
      await gateway.proxy.start();
    }
    if (nginx !== 'none') await gateway.settled(settleMs);
    return gateway;
  } catch (error) {
    await gateway.cleanup();
    throw error;
  }
}

async function prepareGateway(options: GatewayOptions): Promise<Gateway> {
  const nginx = await ensureNginx();
  const folder = await mkdtemp(join(tmpdir(), 'gateway-'));
  // nginx's workers run as another user when the test is root.
  await chmod(folder, 0o755);
  const prefix = join(folder, 'prefix');
  const manifests = join(folder, 'manifests');
  await mkdir(prefix, { mode: 0o755 });
  await mkdir(manifests);
  const [httpPort = 0, httpsPort = 0, adminPort = 0] = await freePorts(3);
  const places: Places = { folder, prefix, manifests, httpPort, httpsPort, adminPort };
  const given = typeof options.flags === 'function' ? options.flags(places) : (options.flags ?? []);
  const basics = {
    manifests,
    prefix,
    nginx: nginx.binary,
    'http-port': String(httpPort),
    'https-port': String(httpsPort),
    'admin-address': `127.0.0.1:${adminPort}`,
    configmap: 'default/gateway-settings',
  };
  const supervised = options.nginx === undefined || options.nginx === 'supervised';
  const flags = [
    ...Object.entries(basics).flatMap(([name, value]) => [`--${name}`, value]),
    ...(supervised ? ['--supervise'] : []),
    ...given,
  ];
  const controllers: Controller[] = [];
  const proxy = handleNginx(nginx, prefix);
  let written = 0;

  const newest = () => {
    const controller = controllers.at(-1);
    if (controller === undefined) throw new Error('no controller was started');
    return controller;
  };
  const putText = async (file: string, text: string) => {
    written += 1;
    const aside = join(folder, `aside-${written}`);
    await writeFile(aside, text);
    await rename(aside, join(manifests, file));
  };
  const put = (file: string, ...objects: readonly Manifest[]) => putText(file, toYaml(objects));
  const state = async () => {
    const answer = await request({ port: adminPort, target: '/state' });
    if (answer.status !== 200) throw new Error(`/state answers ${answer.status}`);
    return answer.json<StateReport>();
  };
  const logs = async () => {
    const last = await state().then((report) => JSON.stringify(report, null, 1), String);
    const said = controllers.map((controller) => tail(controller.log(), 6000));
    return [
      `state: ${tail(last, 6000)}`,
      ...said.map((log, i) => `controller ${i + 1}:\n${log}`),
      `nginx:\n${tail(await proxy.errorLog(), 4000)}`,
    ].join('\n\n');
  };
  const stateWhen: Gateway['stateWhen'] = async (what, holds, timeoutMs = 15_000) => {
    const controller = newest();
    try {
      return await eventually(
        what,
        async () => {
          if (!controller.isAlive()) return null;
          const report = await state();
          return holds(report) ? report : null;
        },
        { timeoutMs, pauseMs: 5 },
      );
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${await logs()}`, { cause: error });
    }
  };
  const settled = (timeoutMs?: number) => stateWhen('settled', (report) => report.settled, timeoutMs);
  const change = async (act: () => Promise<unknown>) => {
    const before = await state();
    await act();
    const isNew = (report: StateReport) => report.pushes !== before.pushes;
    return stateWhen('the change is in force', (report) => report.settled && isNew(report));
  };
  const cleanup = async () => {
    await Promise.all(controllers.filter((one) => one.isAlive()).map((one) => one.kill()));
    await killNginxOf(prefix);
    await rm(folder, { recursive: true, force: true });
  };
  opened.add(cleanup);

  await put(
    '00-gateway.yaml',
    ingressClass(),
    configMap('gateway-settings', { ...SETTINGS, ...options.settings }),
  );
  for (const [file, objects] of Object.entries(options.manifests ?? {})) await put(file, ...objects);
  await options.prepare?.(places);
  return {
    ...places,
    nginx,
    proxy,
    controller: newest,
    startController(extraFlags = []) {
      const controller = startController([...flags, ...extraFlags]);
      controllers.push(controller);
      return controller;
    },
    state,
    stateWhen,
    settled,
    change,
    put,
    putText,
    remove: (file) => rm(join(manifests, file)),
    get: (host, more) => request({ port: httpPort, host, ...more }),
    getTls: (host, more) => request({ port: httpsPort, host, tls: { servername: host }, ...more }),
    logs,
    cleanup: async () => {
      opened.delete(cleanup);
      await cleanup();
    },
  };
}

/** What a failed start or a test that ran out of time would leave behind. */
const opened = new Set<() => Promise<void>>();

export async function closeAllGateways(): Promise<void> {
  const left = Array.from(opened);
  opened.clear();
  for (const cleanup of left) await cleanup();
}

function tail(text: string, length: number): string {
  return text.length <= length ? text : `…${text.slice(-length)}`;
}
