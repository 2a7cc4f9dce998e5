// Credentials from a program that a kubeconfig names (client.authentication.k8s.io), as kubectl runs it: what it
// gives is kept until a minute before it expires, and however many ask, it runs once at a time.

import { spawn } from 'node:child_process';
import { z } from 'zod';
import type { Trouble } from './grant.ts';

export interface ExecRecipe {
  readonly apiVersion: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly installHint: string;
  /** What the plugin is told of the cluster; null unless the kubeconfig says provideClusterInfo. */
  readonly cluster: Readonly<Record<string, unknown>> | null;
}

export interface ExecCredential {
  readonly token: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

export interface ExecPlugin {
  /** Never throws. */
  credential(): Promise<ExecCredential | Trouble>;
  forget(): void;
}

export interface ExecOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds; 30 s. */
  readonly within?: number;
}

export function createExecPlugin(recipe: ExecRecipe, { env, within = 30_000 }: ExecOptions): ExecPlugin {
  let known: { readonly credential: ExecCredential; readonly until: number } | null = null;
  let running: Promise<ExecCredential | Trouble> | null = null;
  return {
    async credential() {
      // The expiry is a moment of the world's clock, hence Date.
      if (known !== null && Date.now() < known.until) return known.credential;
      running ??= renew().finally(() => {
        running = null;
      });
      return running;
    },
    forget() {
      known = null;
    },
  };

  async function renew(): Promise<ExecCredential | Trouble> {
    const ran = await run(recipe, env, within);
    const hint = recipe.installHint || 'run it by hand to see what it says';
    if ('message' in ran) return { message: ran.message, hint };
    const read = readCredential(ran.output, recipe);
    if ('message' in read) return { message: read.message, hint };
    known = read;
    return read.credential;
  }
}

const EXPIRY_SKEW = 60_000;
const LONGEST_OUTPUT = 1024 * 1024;

/** Its stderr is thrown away: some plugins print what they were given. */
async function run(
  recipe: ExecRecipe,
  env: Readonly<Record<string, string | undefined>>,
  within: number,
): Promise<{ readonly output: string } | { readonly message: string }> {
  const name = recipe.command.split('/').at(-1) ?? '';
  const info = {
    apiVersion: recipe.apiVersion,
    kind: 'ExecCredential',
    spec: { interactive: false, ...(recipe.cluster === null ? {} : { cluster: recipe.cluster }) },
  };
  return new Promise((resolve) => {
    const child = spawn(recipe.command, [...recipe.args], {
      // A group of its own, so that what it started ends with it.
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...env, ...recipe.env, KUBERNETES_EXEC_INFO: JSON.stringify(info) },
    });
    const parts: Buffer[] = [];
    let size = 0;
    const end = (outcome: { readonly output: string } | { readonly message: string }): void => {
      clearTimeout(timer);
      endGroup(child.pid);
      child.stdout.destroy();
      resolve(outcome);
    };
    const timer = setTimeout(
      () => end({ message: `the exec plugin ${name} did not finish within ${Math.ceil(within / 1000)} s` }),
      within,
    );
    child.stdout.on('data', (part: Buffer) => {
      size += part.length;
      if (size > LONGEST_OUTPUT) end({ message: `the exec plugin ${name} prints without end` });
      else parts.push(part);
    });
    child.on('error', (error: NodeJS.ErrnoException) =>
      end({ message: `the exec plugin ${name} cannot be started (${error.code ?? 'unknown error'})` }),
    );
    child.on('close', (code, killed) => {
      if (code === 0) end({ output: Buffer.concat(parts).toString('utf8') });
      else end({ message: `the exec plugin ${name} ended with ${killed ?? `status ${code}`}` });
    });
  });
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left, which is as it should be.
  }
}

const shape = z.object({
  kind: z.literal('ExecCredential'),
  apiVersion: z.string(),
  status: z.object({
    token: z.string().nullish(),
    clientCertificateData: z.string().nullish(),
    clientKeyData: z.string().nullish(),
    expirationTimestamp: z.iso.datetime({ offset: true }).nullish(),
  }),
});

function readCredential(
  output: string,
  { command, apiVersion }: ExecRecipe,
): { readonly credential: ExecCredential; readonly until: number } | { readonly message: string } {
  const name = command.split('/').at(-1) ?? '';
  const refused = { message: `the exec plugin ${name} printed no ExecCredential of ${apiVersion}` };
  let parsed: unknown;
  try {
    parsed = JSON.parse(output);
  } catch {
    return refused;
  }
  const { success, data } = shape.safeParse(parsed);
  if (!success || data.apiVersion !== apiVersion) return refused;
  const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp: expiry } = data.status;
  if (!token && !(cert && key))
    return { message: `the exec plugin ${name} gave neither token nor certificate` };
  return {
    credential: { token: token || undefined, cert: cert || undefined, key: key || undefined },
    until: expiry ? Date.parse(expiry) - EXPIRY_SKEW : Number.POSITIVE_INFINITY,
  };
}
