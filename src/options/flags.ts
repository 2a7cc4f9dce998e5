// Every flag, declared once: the command line, its help, the reference table and the checks of values are all made
// from this table. Names and defaults are those of ingress-nginx where it has the flag.

import { type CommandName, decided, type FlagDeclaration, many, one, toggle } from './flag-declaration.ts';
import {
  type Address,
  hostAndPort,
  includePath,
  labelSelector,
  labelValue,
  milliseconds,
  optional,
  path,
  prefix,
  publishedAddresses,
  qualifiedName,
} from './flag-values.ts';
import { networkList } from './grammar/address.ts';
import { choice } from './grammar/choice.ts';
import { integer } from './grammar/number.ts';
import { labelText, namespacedName, objectNameText } from './grammar/object-name.ts';
import { size } from './grammar/size.ts';

export interface Flags {
  readonly manifests: readonly string[];
  /** A file, or `in-cluster`; null: manifests are the source. */
  readonly kubeconfig: string | null;
  readonly context: string | null;
  readonly output: string | null;
  readonly diagnostics: 'text' | 'json';
  readonly nginx: string;
  readonly prefix: string;
  readonly supervise: boolean;
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly adminAddress: Address;
  readonly configmap: string | null;
  readonly ingressClass: string;
  readonly controllerClass: string;
  readonly ingressClassByName: boolean;
  readonly watchIngressWithoutClass: boolean;
  /** null: every namespace. */
  readonly watchNamespace: string | null;
  /** A label selector of namespaces; null: every namespace, or that of `watchNamespace`. */
  readonly watchNamespaceSelector: string | null;
  readonly publishStatusAddress: readonly string[];
  readonly publishService: string | null;
  readonly updateStatus: boolean;
  readonly reportNodeInternalIpAddress: boolean;
  /** null: as `supervise`. */
  readonly updateStatusOnShutdown: boolean | null;
  /** Milliseconds. */
  readonly statusUpdateInterval: number;
  readonly electionId: string;
  /** Milliseconds. */
  readonly electionTtl: number;
  readonly disableLeaderElection: boolean;
  readonly defaultBackendService: string | null;
  readonly defaultSslCertificate: string | null;
  /** Where OCSP responders may be besides public addresses: networks and addresses. */
  readonly ocspResponderNetworks: readonly string[];
  readonly disableCatchAll: boolean;
  readonly disableSvcExternalName: boolean;
  readonly enableTopologyAwareRouting: boolean;
  /** null: not known. */
  readonly topologyZone: string | null;
  readonly annotationsPrefix: string;
  readonly templateDir: string | null;
  readonly includeMain: readonly string[];
  readonly includeHttp: readonly string[];
  /** Bytes. */
  readonly documentsSize: number;
  readonly compile: 'never' | 'at-once' | 'calm';
  readonly compileMaxHosts: number;
  /** Milliseconds. */
  readonly compileQuiet: number;
  /** Milliseconds. */
  readonly compileInterval: number;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
}

export type { CommandName, FlagDeclaration };
export type FlagKey = keyof Flags;

const PORT = integer(1, 65_535);
const EVERYWHERE = ['run', 'render', 'validate'] as const;
const RENDERING = ['run', 'render'] as const;
const OFFLINE = ['render', 'validate'] as const;
const RUNNING = ['run'] as const;

/** In the order in which help shows them. */
// biome-ignore format: a table
export const FLAGS: { readonly [K in FlagKey]: FlagDeclaration<Flags[K]> } = {
  manifests: many('--manifests', 'DIR', path, EVERYWHERE,
    'Folder of Kubernetes YAML to read. Can be given several times.'),
  kubeconfig: one('--kubeconfig', 'FILE', null, '', optional(path), RUNNING,
    'The cluster to watch, instead of --manifests: a kubeconfig file, or in-cluster for the service account of the pod.'),
  context: one('--context', 'NAME', null, '', optional(path), RUNNING,
    'Context of the kubeconfig; else its current one.'),
  output: { ...one<string | null>('--output', 'DIR', null, '', path, ['render'],
    'Write nginx.conf, documents.json and diagnostics.json there, without private keys; else nginx.conf goes to stdout.'), short: '-o' },
  diagnostics: one('--diagnostics', 'FORMAT', 'text', 'text', choice(['text', 'json']), OFFLINE,
    'How diagnostics are written: text for people, json for programs.'),
  nginx: one('--nginx', 'PATH', 'nginx', 'nginx', path, ['run', 'version'],
    'The nginx or openresty beside which we run; a name without a slash is looked up on PATH.'),
  prefix: one('--prefix', 'DIR', '/var/lib/ingress-openresty', '/var/lib/ingress-openresty', prefix, RENDERING,
    'Folder of everything that is written: configuration, state, sockets, logs.'),
  supervise: toggle('--supervise', RUNNING,
    'Start nginx when none of this prefix is running, and stop it at the end; else nginx is never started nor stopped.'),
  httpPort: one('--http-port', 'PORT', 80, '80', PORT, EVERYWHERE,
    'Port for plain HTTP.'),
  httpsPort: one('--https-port', 'PORT', 443, '443', PORT, EVERYWHERE,
    'Port for HTTPS.'),
  adminAddress: one('--admin-address', 'HOST:PORT', { host: '127.0.0.1', port: 10_254 }, '127.0.0.1:10254', hostAndPort, RUNNING,
    'Where /healthz, /readyz, /metrics and /state answer. Port 0 takes a free one, which is logged.'),
  configmap: one('--configmap', 'NS/NAME', null, '', optional(namespacedName), EVERYWHERE,
    'ConfigMap of the global settings.'),
  ingressClass: one('--ingress-class', 'NAME', 'nginx', 'nginx', objectNameText, EVERYWHERE,
    'Value of the annotation kubernetes.io/ingress.class that is ours.'),
  controllerClass: one('--controller-class', 'NAME', 'k8s.io/ingress-nginx', 'k8s.io/ingress-nginx', qualifiedName, EVERYWHERE,
    'IngressClasses with this spec.controller are ours.'),
  ingressClassByName: toggle('--ingress-class-by-name', EVERYWHERE,
    'The IngressClass named as --ingress-class is ours too, whatever its spec.controller.'),
  watchIngressWithoutClass: toggle('--watch-ingress-without-class', EVERYWHERE,
    'Ingresses without any class are ours too.'),
  watchNamespace: one('--watch-namespace', 'NS', null, '', optional(labelText), EVERYWHERE,
    'Serve only Ingresses of this namespace; else those of all.'),
  watchNamespaceSelector: one('--watch-namespace-selector', 'SELECTOR', null, '', optional(labelSelector), RUNNING,
    'Serve only Ingresses of namespaces with these labels. Not together with --watch-namespace.'),
  defaultBackendService: one('--default-backend-service', 'NS/NAME', null, '', optional(namespacedName), EVERYWHERE,
    'Service (its first port) for requests that no Ingress matches; else they get 404.'),
  defaultSslCertificate: one('--default-ssl-certificate', 'NS/NAME', null, '', optional(namespacedName), EVERYWHERE,
    'Secret of the certificate for hosts without one of their own; else a self-signed one is made.'),
  ocspResponderNetworks: one('--ocsp-responder-networks', 'LIST', [], '', networkList, RUNNING,
    "Networks (such as 10.0.0.0/8, separated by commas) in which OCSP responders are asked too; else only those at public addresses: they are named by tenants' certificates."),
  disableCatchAll: toggle('--disable-catch-all', EVERYWHERE,
    'Ignore Ingresses with spec.defaultBackend.'),
  disableSvcExternalName: toggle('--disable-svc-external-name', EVERYWHERE,
    'Ignore Services of type ExternalName.'),
  enableTopologyAwareRouting: toggle('--enable-topology-aware-routing', EVERYWHERE,
    'Use only endpoints whose hints name the zone of --topology-zone, where all ready ones of a Service have hints and one of them is for it.'),
  topologyZone: one('--topology-zone', 'ZONE', null, '', optional(labelValue), EVERYWHERE,
    'The zone that we run in, as the label topology.kubernetes.io/zone of our node has it.'),
  annotationsPrefix: one('--annotations-prefix', 'DOMAIN', 'nginx.ingress.kubernetes.io', 'nginx.ingress.kubernetes.io', qualifiedName, EVERYWHERE,
    'What stands before the slash of our annotations.'),
  publishStatusAddress: one('--publish-status-address', 'LIST', [], '', publishedAddresses, RUNNING,
    'Addresses (IPs or names, separated by commas) that are written to the status of the Ingresses served.'),
  publishService: one('--publish-service', 'NS/NAME', null, '', optional(namespacedName), RUNNING,
    'Service whose addresses are written to the status of the Ingresses served. Not together with --publish-status-address.'),
  updateStatus: toggle('--update-status', RUNNING,
    'Write the status of Ingresses, as leader: the addresses of the flags above, or without them, in a pod that knows its POD_NAME and POD_NAMESPACE, those of the nodes of its ready pods.', true),
  reportNodeInternalIpAddress: toggle('--report-node-internal-ip-address', RUNNING,
    'Of nodes, write only the InternalIP; else the ExternalIP, or the InternalIP of a node without one.'),
  updateStatusOnShutdown: decided('--update-status-on-shutdown', RUNNING,
    'Take the address back when the leader ends cleanly and nobody else serves: there is one address, and no other pod of the same labels; outside of a pod only with --disable-leader-election. By default as --supervise, since any other nginx goes on serving.'),
  statusUpdateInterval: one('--status-update-interval', 'TIME', 60_000, '60s', milliseconds, RUNNING,
    'How often status is looked at again even when nothing has changed.'),
  electionId: one('--election-id', 'NAME', 'ingress-controller-leader', 'ingress-controller-leader', objectNameText, RUNNING,
    'Lease by which controllers agree on who writes status and Events; serving does not depend on it.'),
  electionTtl: one('--election-ttl', 'TIME', 30_000, '30s', milliseconds, RUNNING,
    'How long a lease lasts that is not renewed.'),
  disableLeaderElection: toggle('--disable-leader-election', RUNNING,
    'Write status and Events without a lease: for one controller alone.'),
  templateDir: one('--template-dir', 'DIR', null, '', path, EVERYWHERE,
    'Templates in this folder replace the built-in ones of the same relative name.'),
  includeMain: many('--include-main', 'FILE', includePath, RENDERING,
    "The operator's own file, included at the top level of nginx.conf. Can be given several times."),
  includeHttp: many('--include-http', 'FILE', includePath, RENDERING,
    "The operator's own file, included in the http block. Can be given several times."),
  documentsSize: one('--documents-size', 'SIZE', 128 * 1024 ** 2, '128m', size(1024 ** 2, 64 * 1024 ** 3), RENDERING,
    'Shared memory for what changes without a reload.'),
  compile: one('--compile', 'WHEN', 'calm', 'calm', choice(['never', 'at-once', 'calm']), RENDERING,
    'When hosts get a server of their own in nginx.conf, faster but for the price of a reload: never, at-once (from the first files on), or calm. Never while two earlier reloads have workers whose connections still live; then only what is not served otherwise, at most once each --compile-interval.'),
  compileMaxHosts: one('--compile-max-hosts', 'N', 1000, '1000', integer(0, 100_000), RENDERING,
    'At most so many hosts get a server of their own.'),
  compileQuiet: one('--compile-quiet', 'TIME', 10_000, '10s', milliseconds, RUNNING,
    'With --compile calm a host is compiled after it has been unchanged for so long.'),
  compileInterval: one('--compile-interval', 'TIME', 30_000, '30s', milliseconds, RUNNING,
    'Least time between two compiles that nothing but speed asks for; 20 times what the last one took, if that is longer.'),
  logLevel: one('--log-level', 'LEVEL', 'info', 'info', choice(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']), RUNNING,
    "What the controller's own log (JSON lines on stderr) says at least."),
};

/** Headings of help and of the reference table; each flag stands under one. */
export const FLAG_GROUPS: Readonly<Record<string, readonly FlagKey[]>> = {
  Input: ['manifests', 'kubeconfig', 'context', 'configmap', 'templateDir'],
  Output: ['output', 'diagnostics', 'adminAddress', 'logLevel'],
  nginx: [
    'nginx',
    'prefix',
    'supervise',
    'httpPort',
    'httpsPort',
    'includeMain',
    'includeHttp',
    'documentsSize',
  ],
  Compiling: ['compile', 'compileMaxHosts', 'compileQuiet', 'compileInterval'],
  'Which Ingresses are served': [
    'ingressClass',
    'controllerClass',
    'ingressClassByName',
    'watchIngressWithoutClass',
    'watchNamespace',
    'watchNamespaceSelector',
    'disableCatchAll',
    'disableSvcExternalName',
    'annotationsPrefix',
  ],
  'Status and Events': [
    'publishStatusAddress',
    'publishService',
    'updateStatus',
    'reportNodeInternalIpAddress',
    'updateStatusOnShutdown',
    'statusUpdateInterval',
    'electionId',
    'electionTtl',
    'disableLeaderElection',
  ],
  Endpoints: ['enableTopologyAwareRouting', 'topologyZone'],
  Defaults: ['defaultBackendService', 'defaultSslCertificate', 'ocspResponderNetworks'],
};

export const FLAG_KEYS = Object.keys(FLAGS) as readonly FlagKey[];

/** Every flag at its default. */
export const DEFAULT_FLAGS: Flags = Object.fromEntries(
  FLAG_KEYS.map((key) => [key, FLAGS[key].default]),
) as unknown as Flags;
