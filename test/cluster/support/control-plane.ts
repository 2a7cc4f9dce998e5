// A real Kubernetes control plane for one test: etcd, kube-apiserver and kube-controller-manager with data of their
// own, an administrator's kubectl, and a service account for the controller with the RBAC that we ship.
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Authority, makeAuthority, makeLeaf } from '../../support/certs.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort, freePorts } from '../../support/ports.ts';
import { type Api, openApi, type Thing } from './api.ts';
import { ensureControlPlane } from './build.ts';
import { compactEtcd } from './compact-etcd.ts';
import { ACCOUNT, type ControllerAccount, createControllerAccount, NAMESPACE } from './controller-account.ts';
import { type Gate, openGate } from './gate.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { type Kubectl, kubectlFor } from './kubectl.ts';
import { CONTROL_PLANE_ADDRESS, requireOwnNetwork } from './own-network.ts';
import { describeProgram, type Program } from './program.ts';

export type ControlPlane = {
  readonly folder: string;
  /** Of the API server itself: past the gate, and no loopback address. */
  readonly url: string;
  /** Signed the API server's certificate, and signs those of clients. */
  readonly authority: Authority;
  /** What the controller has asked for, as the API server wrote it down: one JSON object a line. */
  readonly auditLog: string;
  /** As the administrator. */
  readonly api: Api;
  readonly kubectl: Kubectl;
  readonly account: ControllerAccount;
  /** What the controller's kubeconfig goes through. */
  readonly gate: Gate;
  readonly apiServer: Program;
  readonly etcd: Program;
  readonly controllerManager: Program;
  /** Resolves when it answers `/readyz`; the controller manager is started (again) with it. */
  readonly startApiServer: () => Promise<void>;
  /** Forgets all revisions but the last: who asks for an older one gets 410. */
  readonly compact: () => Promise<void>;
  /** Milliseconds from nothing to `/readyz`. */
  readonly startedIn: number;
  readonly logs: () => string;
  /** Ends everything and removes the folder. */
  readonly close: () => Promise<void>;
};

const CONTROLLERS = ['deployment', 'replicaset', 'endpointslice', 'garbage-collector', 'namespace'];
const RBAC = resolve(import.meta.dirname, '../../../deploy/kubernetes/rbac.yaml');

export async function startControlPlane(): Promise<ControlPlane> {
  await requireOwnNetwork();
  const programs = await ensureControlPlane();
  const folder = await mkdtemp(join(tmpdir(), 'control-plane-'));
  const [clientPort, peerPort] = await freePorts(2);
  const port = await freePort(CONTROL_PLANE_ADDRESS);
  const etcdUrl = `http://127.0.0.1:${clientPort}`;
  const url = `https://${CONTROL_PLANE_ADDRESS}:${port}`;
  const files = await writeFiles(folder, url);

  const etcd = describeProgram(
    programs.etcd,
    flags({
      'data-dir': join(folder, 'etcd'),
      'listen-client-urls': etcdUrl,
      'advertise-client-urls': etcdUrl,
      'listen-peer-urls': `http://127.0.0.1:${peerPort}`,
      'unsafe-no-fsync': 'true',
      'log-level': 'error',
    }),
  );
  const apiServer = describeProgram(
    programs['kube-apiserver'],
    flags({
      'etcd-servers': etcdUrl,
      'bind-address': CONTROL_PLANE_ADDRESS,
      'advertise-address': CONTROL_PLANE_ADDRESS,
      'secure-port': String(port),
      'cert-dir': join(folder, 'certificates'),
      'tls-cert-file': files.certificate,
      'tls-private-key-file': files.key,
      'token-auth-file': files.tokens,
      'client-ca-file': files.authority,
      'audit-policy-file': files.auditPolicy,
      'audit-log-path': join(folder, 'audit.log'),
      'authorization-mode': 'RBAC',
      'service-account-issuer': 'https://kubernetes.default.svc',
      'service-account-key-file': files.accountKey,
      'service-account-signing-key-file': files.accountKey,
      'service-cluster-ip-range': '10.96.0.0/16',
      'disable-admission-plugins': 'ServiceAccount',
      'endpoint-reconciler-type': 'none',
    }),
  );
  // nodelifecycle is not among them: it evicts from nodes without heartbeats.
  const controllerManager = describeProgram(
    programs['kube-controller-manager'],
    flags({
      kubeconfig: files.kubeconfig,
      'service-account-private-key-file': files.accountKey,
      'leader-elect': 'false',
      'secure-port': '0',
      controllers: CONTROLLERS.map((name) => `${name}-controller`).join(','),
    }),
  );
  const all = [controllerManager, apiServer, etcd];
  const api = openApi({ url, ca: files.ca.cert, token: ADMIN_TOKEN });
  const gate = await openGate({ address: CONTROL_PLANE_ADDRESS, port });
  const logs = () => all.map(({ name, log }) => `${name}:\n${log().slice(-3000)}`).join('\n\n');
  const close = async () => {
    api.close();
    await gate.close();
    for (const program of all) await program.kill();
    await rm(folder, { recursive: true, force: true });
  };
  const startApiServer = async () => {
    apiServer.start();
    await eventually('kube-apiserver is ready', () => isReady(api, apiServer), {
      timeoutMs: 90_000,
      pauseMs: 50,
    });
    // It tries again ever more rarely while the API is away; the tests need not wait for its patience.
    await controllerManager.kill();
    controllerManager.start();
  };

  try {
    const begun = performance.now();
    etcd.start();
    await startApiServer();
    const startedIn = Math.round(performance.now() - begun);
    await eventually('the default namespace', () => api.call('GET', '/api/v1/namespaces/default'));
    const kubectl = kubectlFor(programs.kubectl, files.kubeconfig, join(folder, 'kubectl'));
    await kubectl.run(['apply', '-f', RBAC]);
    const account = await createControllerAccount(api, {
      folder,
      server: `https://127.0.0.1:${gate.port}`,
      ca: files.ca.cert,
    });
    return {
      folder,
      url,
      authority: files.ca,
      auditLog: join(folder, 'audit.log'),
      api,
      kubectl,
      account,
      gate,
      apiServer,
      etcd,
      controllerManager,
      startApiServer,
      startedIn,
      logs,
      close,
      compact: () => compactEtcd(etcdUrl),
    };
  } catch (error) {
    if (error instanceof Error) error.message += `\n\n${logs()}`;
    await close();
    throw error;
  }
}

const ADMIN_TOKEN = 'administrator-of-a-test';

const AUDIT = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived', 'ResponseStarted'],
  rules: [{ level: 'Metadata', users: [`system:serviceaccount:${NAMESPACE}:${ACCOUNT}`] }, { level: 'None' }],
};

async function writeFiles(folder: string, url: string) {
  await mkdir(join(folder, 'kubectl'));
  const at = (name: string) => join(folder, name);
  const authority = await makeAuthority('test cluster');
  const leaf = await makeLeaf(authority, { names: [CONTROL_PLANE_ADDRESS, '127.0.0.1', 'kubernetes'] });
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const contents: Readonly<Record<string, string>> = {
    'apiserver.crt': leaf.cert,
    'apiserver.key': leaf.key,
    'tokens.csv': `${ADMIN_TOKEN},administrator,administrator,"system:masters"\n`,
    'account.key': String(privateKey.export({ type: 'pkcs1', format: 'pem' })),
    'authority.crt': authority.cert,
    'audit.json': JSON.stringify(AUDIT),
  };
  for (const [name, content] of Object.entries(contents)) await writeFile(at(name), content, { mode: 0o600 });
  await writeKubeconfig(at('admin.kubeconfig'), {
    server: url,
    ca: authority.cert,
    user: { token: ADMIN_TOKEN },
  });
  return {
    ca: authority,
    authority: at('authority.crt'),
    auditPolicy: at('audit.json'),
    certificate: at('apiserver.crt'),
    key: at('apiserver.key'),
    tokens: at('tokens.csv'),
    accountKey: at('account.key'),
    kubeconfig: at('admin.kubeconfig'),
  };
}

// One that has ended will never be ready; that is said at once.
async function isReady(api: Api, apiServer: Program): Promise<Thing> {
  if (!apiServer.isRunning()) return null;
  return (await api.call('GET', '/readyz')) === 'ok';
}

function flags(values: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(values).map(([name, value]) => `--${name}=${value}`);
}
