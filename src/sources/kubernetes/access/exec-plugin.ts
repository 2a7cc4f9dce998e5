// Credentials from a program that a kubeconfig names (client.authentication.k8s.io), as kubectl runs it: what it
// gives is kept until a minute before it expires, and however many ask, it runs once at a time.

import { spawn } from 'node:child_process';
import { z } from 'zod';

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

export interface PluginTrouble {
  readonly message: string;
  readonly hint: string;
  /** It ran and failed, as it does while what it asks is away; else it is a mistake that stays. */
  readonly passes: boolean;
}

export interface ExecPlugin {
  /** Never throws. */
  credential(): Promise<ExecCredential | PluginTrouble>;
  forget(): void;
}

export interface ExecOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds; 30 s. */
  readonly within?: number;
}

export function createExecPlugin(recipe: ExecRecipe, { env, within = 30_000 }: ExecOptions): ExecPlugin {
  let known: { readonly credential: ExecCredential; readonly until: number } | null = null;
  let running: Promise<ExecCredential | PluginTrouble> | null = null;
  let failed: { readonly trouble: PluginTrouble; readonly until: number } | null = null;
  return {
    async credential() {
      // The expiry is a moment of the world's clock, hence Date.
      if (known !== null && Date.now() < known.until) return known.credential;
      if (failed !== null && performance.now() < failed.until) return failed.trouble;
      running ??= renew().finally(() => {
        running = null;
      });
      return running;
    },
    forget() {
      known = null;
    },
  };

  async function renew(): Promise<ExecCredential | PluginTrouble> {
    const ran = await run(recipe, env, within);
    if ('message' in ran) return fail(ran.message, ran.passes);
    const read = readCredential(ran.output, recipe);
    if ('message' in read) return fail(read.message, false);
    known = read;
    return read.credential;
  }

  /** Remembered for a moment: everything that asks the API server would run it at the same time. */
  function fail(message: string, passes: boolean): PluginTrouble {
    const hint = recipe.installHint || 'run it by hand to see what it says';
    const trouble = { message, hint, passes };
    failed = { trouble, until: performance.now() + FAILURE_AGE };
    return trouble;
  }
}

const FAILURE_AGE = 2_000;
/** How long before its end a credential is renewed: a minute, and for one that lives less than two, half of it. */
const EXPIRY_SKEW = 60_000;
const LONGEST_OUTPUT = 1024 * 1024;

type Ran = { readonly output: string } | { readonly message: string; readonly passes: boolean };

/** Its stderr is thrown away: some plugins print what they were given. */
async function run(
  recipe: ExecRecipe,
  env: Readonly<Record<string, string | undefined>>,
  within: number,
): Promise<Ran> {
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
    const end = (outcome: Ran): void => {
      clearTimeout(timer);
      endGroup(child.pid);
      child.stdout.destroy();
      resolve(outcome);
    };
    const fail = (what: string, passes: boolean): void =>
      end({ message: `the exec plugin ${name} ${what}`, passes });
    const timer = setTimeout(() => fail(`did not finish within ${Math.ceil(within / 1000)} s`, true), within);
    child.stdout.on('data', (part: Buffer) => {
      size += part.length;
      if (size > LONGEST_OUTPUT) fail('prints without end', false);
      else parts.push(part);
    });
    child.on('error', (error: NodeJS.ErrnoException) =>
      fail(`cannot be started (${error.code ?? 'unknown error'})`, false),
    );
    child.on('close', (code, killed) => {
      if (code === 0) end({ output: Buffer.concat(parts).toString('utf8') });
      else fail(`ended with ${killed ?? `status ${code}`}`, true);
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
    until: expiry ? renewalOf(Date.parse(expiry)) : Number.POSITIVE_INFINITY,
  };
}

function renewalOf(expiry: number): number {
  return expiry - Math.min(EXPIRY_SKEW, Math.max(0, expiry - Date.now()) / 2);
}
