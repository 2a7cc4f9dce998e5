// Sticky sessions as the annotations of an Ingress ask for them.

import type { Affinity } from '../model/balancing.ts';
import type { AnnotationValues } from '../options/registry.ts';

/** null: none. `path` null: that of the rule. */
export type AffinityWish = Omit<Affinity, 'path'> & { readonly path: string | null };

export function affinityWish(values: AnnotationValues): AffinityWish | null {
  if (values.affinity === undefined) return null;
  return {
    name: values.cookieName ?? 'INGRESSCOOKIE',
    mode: values.affinityMode ?? 'balanced',
    path: values.cookiePath ?? null,
    domain: values.cookieDomain ?? null,
    expires: values.cookieExpires ?? null,
    maxAge: values.cookieMaxAge ?? null,
    sameSite: values.cookieSameSite ?? null,
    secure: values.cookieSecure ?? null,
    conditionalSameSiteNone: values.cookieSameSiteConditional ?? false,
    changeOnFailure: values.cookieChangeOnFailure ?? false,
    canary: values.affinityCanary ?? 'sticky',
  };
}

/**
 * The wish at a rule.
 *
 * @param path of the rule; null: it is a regular expression, of which no path of a cookie says the same.
 */
export function affinityAt(wish: AffinityWish, path: string | null): Affinity {
  return { ...wish, path: wish.path ?? (path === null ? '/' : cookiePath(path)) };
}

/** As browsers write it; `/` where they and an attribute of a cookie do not go together. */
function cookiePath(path: string): string {
  const written = encodeURI(path);
  return /^[!-:<-~]+$/.test(written) && !/[?#]/.test(path) ? written : '/';
}
