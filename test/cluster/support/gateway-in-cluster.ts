// One gateway on a control plane: a fresh prefix, the real controller with the account that we ship, a real nginx
// that it supervises.
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureNginx } from '../../../openresty/install-nginx.ts';
import type { StateReport } from '../../../src/serve/state.ts';
import { type Controller, startController } from '../../e2e/support/controller.ts';
import { handleNginx, killNginxOf, type NginxHandle, WORKERS } from '../../e2e/support/nginx-handle.ts';
import { configMap, ingressClass } from '../../e2e/support/objects.ts';
import { eventually } from '../../support/eventually.ts';
import { type RawRequest, type RawResponse, request } from '../../support/http-client.ts';
import { freePorts } from '../../support/ports.ts';
import type { ControlPlane } from './control-plane.ts';
import { NAMESPACE } from './controller-account.ts';

export type ClusterGatewayOptions = {
  readonly flags?: readonly string[];
  /** Of the controller, beside ours: what a pod would be told. */
  readonly env?: Readonly<Record<string, string>>;
  /** Global settings beside those that keep the gateway on loopback. */
  readonly settings?: Readonly<Record<string, string>>;
  /** How long the first start may take. Default 30 s. */
  readonly settleMs?: number;
};

export type ClusterGateway = {
  readonly prefix: string;
  /** Of the controller, as it was started first. */
  readonly flags: readonly string[];
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly adminPort: number;
  readonly proxy: NginxHandle;
  readonly controller: () => Controller;
  /** Starts the controller (again) on the same prefix. */
  readonly startController: (
    extraFlags?: readonly string[],
    extraEnv?: Readonly<Record<string, string>>,
  ) => Controller;
  readonly state: () => Promise<StateReport>;
  /** The first report that `holds`; throws with the last one and the logs. */
  readonly stateWhen: (
    what: string,
    holds: (state: StateReport) => boolean,
    timeoutMs?: number,
  ) => Promise<StateReport>;
  readonly settled: (timeoutMs?: number) => Promise<StateReport>;
  readonly get: (host: string, options?: Partial<RawRequest>) => Promise<RawResponse>;
  readonly getTls: (host: string, options?: Partial<RawRequest>) => Promise<RawResponse>;
  readonly admin: (target: string) => Promise<RawResponse>;
  /** `ingress_openresty_NAME{kind="KIND"}` of /metrics; with a reason, that one. */
  readonly sample: (name: string, kind: string, reason?: string) => Promise<number | null>;
  /** Milliseconds until `host` is answered so. */
  readonly answers: (
    host: string,
    isRight: (answer: RawResponse) => boolean,
    timeoutMs?: number,
  ) => Promise<number>;
  readonly logs: () => Promise<string>;
  readonly close: () => Promise<void>;
};

/** Resolves when everything that the cluster has is in force. */
export async function startClusterGateway(
  plane: ControlPlane,
  options: ClusterGatewayOptions = {},
): Promise<ClusterGateway> {
  const gateway = await prepareGateway(plane, options);
  try {
    gateway.startController();
    await gateway.settled(options.settleMs ?? 30_000);
    return gateway;
  } catch (error) {
    await gateway.close();
    throw error;
  }
}

/** Nothing runs yet: `startController` does that. */
export async function prepareGateway(
  plane: ControlPlane,
  { flags: given = [], env = {}, settings = {} }: ClusterGatewayOptions,
): Promise<ClusterGateway> {
  const nginx = await ensureNginx();
  const folder = await mkdtemp(join(tmpdir(), 'gateway-'));
  // nginx's workers run as another user when the test is root.
  await chmod(folder, 0o755);
  const prefix = join(folder, 'prefix');
  await mkdir(prefix, { mode: 0o755 });
  const [httpPort = 0, httpsPort = 0, adminPort = 0] = await freePorts(3);
  const basics = {
    kubeconfig: plane.account.kubeconfig,
    prefix,
    nginx: nginx.binary,
    'http-port': String(httpPort),
    'https-port': String(httpsPort),
    'admin-address': `127.0.0.1:${adminPort}`,
    configmap: `${NAMESPACE}/gateway-settings`,
  };
  const flags = [
    ...Object.entries(basics).flatMap(([name, value]) => [`--${name}`, value]),
    '--supervise',
    ...given,
  ];
  const proxy = handleNginx(nginx, prefix);
  const controllers: Controller[] = [];
  const newest = () => {
    const controller = controllers.at(-1);
    if (controller === undefined) throw new Error('no controller was started');
    return controller;
  };
  const admin = (target: string) => request({ port: adminPort, target });
  const state = async () => {
    const answer = await admin('/state');
    if (answer.status !== 200) throw new Error(`/state answers ${answer.status}`);
    return answer.json<StateReport>();
  };
  const logs = async () => {
    const last = await state().then((report) => JSON.stringify(report, null, 1), String);
    return [
      `state: ${last.slice(-6000)}`,
      ...controllers.map((one, i) => `controller ${i + 1}:\n${one.log().slice(-6000)}`),
      `nginx:\n${(await proxy.errorLog()).slice(-4000)}`,
    ].join('\n\n');
  };
  const stateWhen: ClusterGateway['stateWhen'] = async (what, holds, timeoutMs = 20_000) => {
    try {
      return await eventually(
        what,
        async () => {
          const report = await state();
          return holds(report) ? report : null;
        },
        { timeoutMs, pauseMs: 10 },
      );
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${await logs()}`, { cause: error });
    }
  };
  const get: ClusterGateway['get'] = (host, more) => request({ port: httpPort, host, ...more });

  const settingsMap = configMap('gateway-settings', {
    'bind-address': '127.0.0.1',
    'worker-processes': String(WORKERS),
    'disable-access-log': 'true',
    ...settings,
  });
  await plane.kubectl.apply(ingressClass(), {
    ...settingsMap,
    metadata: { name: 'gateway-settings', namespace: NAMESPACE },
  });
  return {
    prefix,
    flags,
    httpPort,
    httpsPort,
    adminPort,
    proxy,
    state,
    stateWhen,
    get,
    admin,
    async sample(name, kind, reason) {
      const labels = [`kind="${kind}"`, ...(reason === undefined ? [] : [`reason="${reason}"`])].join(',');
      const lines = (await admin('/metrics')).body.split('\n');
      const line = lines.find((one) => one.startsWith(`ingress_openresty_${name}{${labels},`));
      return line === undefined ? null : Number(line.slice(line.lastIndexOf(' ') + 1));
    },
    logs,
    controller: newest,
    startController(extraFlags = [], extraEnv = {}) {
      const controller = startController([...flags, ...extraFlags], { ...env, ...extraEnv });
      controllers.push(controller);
      return controller;
    },
    settled: (timeoutMs) => stateWhen('settled', (report) => report.settled, timeoutMs),
    getTls: (host, more) => request({ port: httpsPort, host, tls: { servername: host }, ...more }),
    async answers(host, isRight, timeoutMs = 20_000) {
      const begun = performance.now();
      const look = async () => isRight(await get(host));
      await eventually(`${host} is answered as it should be`, look, { timeoutMs });
      return Math.round(performance.now() - begun);
    },
    async close() {
      await Promise.all(controllers.filter((one) => one.isAlive()).map((one) => one.kill()));
      await killNginxOf(prefix);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
