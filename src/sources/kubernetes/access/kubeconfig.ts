// The way in that a kubeconfig describes. The file itself and all that it names may be replaced while we run; what
// was good last goes on counting until something new is.

import { resolve } from 'node:path';
import { createExecPlugin, type ExecCredential, type ExecPlugin } from './exec-plugin.ts';
import { CERTIFICATE_AGE, createFreshFile, type FreshFile, TOKEN_AGE } from './fresh-file.ts';
import type { Access, Grant, Trouble } from './grant.ts';
import { type Recipe, readRecipe, type Source } from './kubeconfig-recipe.ts';
import { createLastUsable, type LastUsable } from './last-usable-tls.ts';
import { environmentProxy } from './proxy.ts';

export interface KubeconfigOptions {
  readonly file: string;
  /** null: the current one. */
  readonly context: string | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What was replaced by something that cannot be used, and goes on counting; once for each sentence. */
  readonly warn: (message: string) => void;
}

export function kubeconfigAccess({ file, context, env, warn }: KubeconfigOptions): Access {
  const path = resolve(file);
  const config = createFreshFile(path, CERTIFICATE_AGE);
  let current: { readonly text: string; readonly recipe: Recipe; readonly parts: Parts } | null = null;
  let complaint: string | null = null;
  return {
    async grant() {
      const trouble = await load();
      if (current === null) return trouble ?? UNREAD;
      const granted = await grantOf(current.recipe, current.parts, env);
      const outdated = 'server' in granted ? current.parts.tls.outdated() : null;
      complain(trouble?.message ?? outdated);
      return granted;
    },
    forget() {
      config.forget();
      current?.parts.forget();
    },
  };

  function complain(message: string | null): void {
    if (message !== null && message !== complaint) warn(`${message}; what was there before stays in use`);
    complaint = message;
  }

  async function load(): Promise<Trouble | null> {
    const read = await config.read();
    if ('message' in read) return { message: read.message, hint: 'name a kubeconfig that may be read' };
    if (read.text === current?.text) return null;
    const recipe = readRecipe(read.text, path, context);
    if ('message' in recipe) return recipe;
    current = { text: read.text, recipe, parts: partsOf(path, recipe, env) };
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
  readonly tls: LastUsable;
  forget(): void;
}

type Reader = () => Promise<{ readonly text: string | undefined } | { readonly message: string }>;

function partsOf(path: string, recipe: Recipe, env: KubeconfigOptions['env']): Parts {
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
    tls: createLastUsable(path),
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
  const { server, namespace, insecure } = recipe;
  const way = recipe.proxy === null ? environmentProxy(server, env) : { proxy: recipe.proxy };
  if ('message' in way) return way;
  const ran = (await parts.plugin?.credential()) ?? NOTHING;
  if ('message' in ran) {
    const { message, hint, passes } = ran;
    return passes ? { message, hint, home: { server, namespace, insecure } } : { message, hint };
  }
  const authorization = authorizationOf(recipe, textOf(token), ran);
  const tls = parts.tls.choose({
    ca: textOf(ca),
    cert: ran.cert ?? textOf(cert),
    key: ran.key ?? textOf(key),
    servername: recipe.servername,
    insecure,
  });
  if ('message' in tls) return tls;
  return {
    server,
    namespace,
    tls,
    proxy: way.proxy,
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
