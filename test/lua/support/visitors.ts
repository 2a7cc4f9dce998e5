// Browsers with sticky sessions: what each was answered by, and the cookies that it keeps.

import type { AffinityBody } from '../../../src/model/document.ts';
import type { RawRequest, RawResponse } from '../../support/http-client.ts';

export const STICKY: AffinityBody = { name: 'SESSION', mode: 'balanced', path: '/' };

export type Ask = (more: Partial<RawRequest>) => Promise<RawResponse>;

export type Visitor = {
  /** The name of the backend that answered, or the status; what was set replaces what was kept. */
  readonly visit: (ask: Ask, headers?: Readonly<Record<string, string>>) => Promise<string>;
  /** Value of the cookie, `''` before the first. */
  readonly value: () => string;
  /** How many Set-Cookie of this name came in all. */
  readonly sets: () => number;
};

export function visitor(name = STICKY.name): Visitor {
  let value = '';
  let sets = 0;
  return {
    visit: async (ask, headers = {}) => {
      const cookie = [headers.Cookie, value === '' ? null : `${name}=${value}`].filter(Boolean).join('; ');
      const response = await ask({ headers: { ...headers, ...(cookie === '' ? {} : { Cookie: cookie }) } });
      for (const line of setCookies(response)) {
        if (!line.startsWith(`${name}=`)) continue;
        value = line.slice(name.length + 1).split(';')[0] ?? '';
        sets += 1;
      }
      return response.headers['x-backend'] ?? String(response.status);
    },
    value: () => value,
    sets: () => sets,
  };
}

export function visitors(count: number, name?: string): readonly Visitor[] {
  return Array.from({ length: count }, () => visitor(name));
}

/** One visit of each, in turn. */
export async function visitAll(list: readonly Visitor[], ask: Ask): Promise<readonly string[]> {
  const names: string[] = [];
  for (const each of list) names.push(await each.visit(ask));
  return names;
}

export function setCookies(response: RawResponse): readonly string[] {
  return response.rawHeaders.flatMap(([name, value]) => (name.toLowerCase() === 'set-cookie' ? [value] : []));
}
