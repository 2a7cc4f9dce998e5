// The way in that a kubeconfig describes. The file itself and all that it names may be replaced while we run; what
// was good last goes on counting until something new is.

import { resolve } from 'node:path';
import { createExecPlugin, type ExecCredential, type ExecPlugin } from './exec-plugin.ts';
import { CERTIFICATE_AGE, createFreshFile, type FreshFile, TOKEN_AGE } from './fresh-file.ts';
import type { Access, Grant, Trouble } from './grant.ts';
import { type Recipe, readRecipe, type Source } from './kubeconfig-recipe.ts';
import { environmentProxy } from './proxy.ts';

export interface KubeconfigOptions {
  readonly file: string;
  /** null: the current one. */
  readonly context: string | null;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export function kubeconfigAccess({ file, context, env }: KubeconfigOptions): Access {
  const path = resolve(file);
  const config = createFreshFile(path, CERTIFICATE_AGE);
  let current: { readonly text: string; readonly recipe: Recipe; readonly parts: Parts } | null = null;
  return {
    async grant() {
      const trouble = await load();
      return current === null ? (trouble ?? UNREAD) : grantOf(current.recipe, current.parts, env);
    },
    forget() {
      config.forget();
      current?.parts.forget();
    },
  };

  async function load(): Promise<Trouble | null> {
    const read = await config.read();
    if ('message' in read) return { message: read.message, hint: 'name a kubeconfig that may be read' };
    if (read.text === current?.text) return null;
    const recipe = readRecipe(read.text, path, context);
    if ('message' in recipe) return recipe;
    current = { text: read.text, recipe, parts: partsOf(recipe, env) };
    return null;
  }
}

const UNREAD: Trouble = { message: 'the kubeconfig was not read', hint: '' };

interface Parts {
  readonly ca: Reader;
  readonly cert: Reader;
  readonly key: Reader;
  readonly token: Reader;
  readonly plugin: ExecPlugin | null;
  forget(): void;
}

type Reader = () => Promise<{ readonly text: string | undefined } | { readonly message: string }>;

function partsOf(recipe: Recipe, env: KubeconfigOptions['env']): Parts {
  const files: FreshFile[] = [];
  const reader = (source: Source | null, maxAge: number): Reader => {
    if (source === null) return async () => ({ text: undefined });
    if ('text' in source) return async () => source;
    const file = createFreshFile(source.file, maxAge);
    files.push(file);
    return () => file.read();
  };
  const plugin = recipe.exec === null ? null : createExecPlugin(recipe.exec, { env });
  return {
    ca: reader(recipe.ca, CERTIFICATE_AGE),
    cert: reader(recipe.cert, CERTIFICATE_AGE),
    key: reader(recipe.key, CERTIFICATE_AGE),
    token: reader(recipe.token, TOKEN_AGE),
    plugin,
    forget() {
      for (const file of files) file.forget();
      plugin?.forget();
    },
  };
}

async function grantOf(
  recipe: Recipe,
  parts: Parts,
  env: KubeconfigOptions['env'],
): Promise<Grant | Trouble> {
  const [ca, cert, key, token] = await Promise.all([parts.ca(), parts.cert(), parts.key(), parts.token()]);
  for (const part of [ca, cert, key, token]) {
    if ('message' in part) return { message: part.message, hint: 'the kubeconfig names this file' };
  }
  const ran = (await parts.plugin?.credential()) ?? NOTHING;
  if ('message' in ran) return ran;
  const authorization = authorizationOf(recipe, textOf(token), ran);
  return {
    server: recipe.server,
    namespace: recipe.namespace,
    tls: {
      ca: textOf(ca),
      cert: ran.cert ?? textOf(cert),
      key: ran.key ?? textOf(key),
      servername: recipe.servername,
      insecure: recipe.insecure,
    },
    proxy: recipe.proxy ?? environmentProxy(recipe.server, env),
    headers: { ...(authorization === null ? {} : { authorization }), ...recipe.impersonation },
  };
}

const NOTHING: ExecCredential = { token: undefined, cert: undefined, key: undefined };

function textOf(
  part: { readonly text: string | undefined } | { readonly message: string },
): string | undefined {
  return 'text' in part ? part.text : undefined;
}

function authorizationOf(
  { basic }: Recipe,
  token: string | undefined,
  { token: ran }: ExecCredential,
): string | null {
  const bearer = token?.trim() || ran;
  if (bearer) return `Bearer ${bearer}`;
  return basic === null ? null : `Basic ${basic}`;
}
