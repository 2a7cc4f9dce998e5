// The text of a kubeconfig → what one context of it says. Our own reader, since client-node's (2.0.1) costs a second
// and 60 MB to import, knows no tokenFile and drops what a plugin has to be told.

import { dirname, isAbsolute, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { ExecRecipe } from './exec-plugin.ts';
import type { Trouble } from './grant.ts';
import { EXAMPLE, proxyProblem } from './proxy.ts';

export interface Recipe {
  readonly server: URL;
  readonly namespace: string;
  readonly insecure: boolean;
  readonly servername: string | undefined;
  readonly proxy: string | null;
  readonly ca: Source | null;
  readonly cert: Source | null;
  readonly key: Source | null;
  readonly token: Source | null;
  readonly basic: string | null;
  readonly exec: ExecRecipe | null;
  readonly impersonation: Readonly<Record<string, string>>;
}

/** A text that stands in the kubeconfig itself, or the absolute path of the file that holds it. */
export type Source = { readonly text: string } | { readonly file: string };

/** @param context null: the current one. */
export function readRecipe(text: string, file: string, context: string | null): Recipe | Trouble {
  let raw: unknown;
  try {
    raw = parse(text);
  } catch {
    return trouble(file, 'is not YAML', 'kubectl --kubeconfig FILE config view shows how it is read');
  }
  const result = schema.safeParse(raw);
  if (!result.success) {
    const path = result.error.issues[0]?.path.join('.') ?? '';
    return trouble(
      file,
      `is no kubeconfig: ${path || 'the whole'} is of the wrong form`,
      'correct that field',
    );
  }
  const config = result.data;
  const wanted = context ?? config['current-context'] ?? '';
  const chosen = find(config.contexts, wanted);
  const names = config.contexts.map(({ name }) => name).join(', ') || 'none';
  if (chosen === undefined) {
    const message = wanted === '' ? 'names no current context' : `has no context ${JSON.stringify(wanted)}`;
    return trouble(file, message, `give --context one of: ${names}`);
  }
  const cluster = find(config.clusters, chosen.context.cluster)?.cluster;
  if (cluster === undefined) {
    return trouble(file, `has no cluster ${JSON.stringify(chosen.context.cluster)}`, 'correct the context');
  }
  const userName = chosen.context.user ?? '';
  const user = userName === '' ? NOBODY : find(config.users, userName)?.user;
  if (user === undefined)
    return trouble(file, `has no user ${JSON.stringify(userName)}`, 'correct the context');
  return combine(file, cluster, user ?? NOBODY, chosen.context.namespace || 'default');
}

const text = z
  .string()
  .nullish()
  .transform((value) => value || undefined);
const clusterShape = z.object({
  server: z.string(),
  'certificate-authority': text,
  'certificate-authority-data': text,
  'insecure-skip-tls-verify': z.boolean().nullish(),
  'tls-server-name': text,
  'proxy-url': text,
  extensions: z.array(z.object({ name: z.string(), extension: z.unknown().optional() })).nullish(),
});
const execShape = z.object({
  apiVersion: z.string(),
  command: z.string().min(1),
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
  installHint: text,
  provideClusterInfo: z.boolean().nullish(),
  interactiveMode: text,
});
const userShape = z.object({
  'client-certificate': text,
  'client-certificate-data': text,
  'client-key': text,
  'client-key-data': text,
  token: text,
  tokenFile: text,
  username: text,
  password: text,
  as: text,
  'as-uid': text,
  'as-groups': z.array(z.string()).nullish(),
  'as-user-extra': z.unknown().optional(),
  exec: execShape.nullish(),
  'auth-provider': z.object({ name: z.string() }).nullish(),
});
const schema = z.object({
  'current-context': text,
  contexts: z
    .array(
      z.object({ name: z.string(), context: z.object({ cluster: z.string(), user: text, namespace: text }) }),
    )
    .nullish()
    .transform((list) => list ?? []),
  clusters: z
    .array(z.object({ name: z.string(), cluster: clusterShape }))
    .nullish()
    .transform((list) => list ?? []),
  users: z
    .array(z.object({ name: z.string(), user: userShape.nullish() }))
    .nullish()
    .transform((list) => list ?? []),
});

type ClusterEntry = z.output<typeof clusterShape>;
type UserEntry = z.output<typeof userShape>;

const NOBODY: UserEntry = userShape.parse({});

function combine(file: string, cluster: ClusterEntry, user: UserEntry, namespace: string): Recipe | Trouble {
  const server = URL.canParse(cluster.server) ? new URL(cluster.server) : null;
  if (server === null || !['http:', 'https:'].includes(server.protocol)) {
    return trouble(
      file,
      'names a server that is not an http or https URL',
      'correct clusters[].cluster.server',
    );
  }
  const proxy = cluster['proxy-url'] ?? null;
  const problem = proxy === null ? null : proxyProblem(proxy);
  if (problem !== null) {
    const hint = `set clusters[].cluster.proxy-url to a URL like ${EXAMPLE}`;
    return trouble(file, `has a proxy-url that ${problem}`, hint);
  }
  if (user['auth-provider']) {
    const name = JSON.stringify(user['auth-provider'].name);
    return trouble(
      file,
      `uses the auth-provider ${name}, which is not supported`,
      'use an exec plugin instead',
    );
  }
  if (user.exec?.interactiveMode === 'Always') {
    return trouble(
      file,
      'names an exec plugin that has to ask somebody',
      'use one with interactiveMode IfAvailable',
    );
  }
  if (user['as-groups']?.length || user['as-user-extra']) {
    // Ignoring them would act with other rights than the file says.
    return trouble(
      file,
      'impersonates groups, which is not supported',
      'give the user itself the rights it needs',
    );
  }
  const folder = dirname(file);
  const { username, password } = user;
  return {
    server,
    namespace,
    insecure: cluster['insecure-skip-tls-verify'] ?? false,
    servername: cluster['tls-server-name'],
    proxy,
    ca: source(folder, cluster['certificate-authority-data'], cluster['certificate-authority']),
    cert: source(folder, user['client-certificate-data'], user['client-certificate']),
    key: source(folder, user['client-key-data'], user['client-key']),
    token: user.tokenFile
      ? { file: absolute(folder, user.tokenFile) }
      : user.token
        ? { text: user.token }
        : null,
    basic: username ? Buffer.from(`${username}:${password ?? ''}`).toString('base64') : null,
    exec: user.exec ? execRecipe(folder, user.exec, cluster) : null,
    impersonation: {
      ...(user.as ? { 'impersonate-user': user.as } : {}),
      ...(user['as-uid'] ? { 'impersonate-uid': user['as-uid'] } : {}),
    },
  };
}

function execRecipe(folder: string, exec: z.output<typeof execShape>, cluster: ClusterEntry): ExecRecipe {
  const { command } = exec;
  const config = cluster.extensions?.find(({ name }) => name === 'client.authentication.k8s.io/exec');
  const info = {
    server: cluster.server,
    'tls-server-name': cluster['tls-server-name'],
    'insecure-skip-tls-verify': cluster['insecure-skip-tls-verify'] ?? undefined,
    'certificate-authority-data': cluster['certificate-authority-data'],
    'proxy-url': cluster['proxy-url'],
    config: config?.extension,
  };
  return {
    apiVersion: exec.apiVersion,
    // As kubectl does: a bare name is looked for in PATH, a path is relative to the kubeconfig.
    command: command.includes('/') ? absolute(folder, command) : command,
    args: exec.args ?? [],
    env: Object.fromEntries((exec.env ?? []).map(({ name, value }) => [name, value])),
    installHint: exec.installHint ?? '',
    cluster: exec.provideClusterInfo ? info : null,
  };
}

/** As kubectl does, data goes before a file. */
function source(folder: string, data: string | undefined, file: string | undefined): Source | null {
  if (data !== undefined) return { text: Buffer.from(data, 'base64').toString('utf8') };
  return file === undefined ? null : { file: absolute(folder, file) };
}

function absolute(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}

function find<Item extends { readonly name: string }>(list: readonly Item[], name: string): Item | undefined {
  return list.find((item) => item.name === name);
}

function trouble(file: string, message: string, hint: string): Trouble {
  return { message: `${file} ${message}`, hint };
}
