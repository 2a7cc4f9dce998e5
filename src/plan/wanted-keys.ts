// Which route keys a compiled server of a host would name now.

import type { Document, DocumentKey, HostBody, SettingsBody } from '../model/document.ts';
import type { RouteId } from '../model/model.ts';

/** null: the host is gone. */
export function wantedKeys(
  host: string,
  documents: ReadonlyMap<DocumentKey, Document>,
): ReadonlySet<string> | null {
  const body = documents.get(`host:${host}`)?.body as HostBody | undefined;
  if (body === undefined) return null;
  const regex = (body.regex ?? []).map(({ route }) => route);
  const wanted = new Set([...Object.values(body.exact), ...Object.values(body.prefix), ...regex]);
  const settings = documents.get('settings:global')?.body as SettingsBody | undefined;
  if (body.prefix['/'] === undefined && settings?.defaultRoute !== undefined)
    wanted.add(settings.defaultRoute);
  return wanted;
}

/** Do these locations name exactly those keys? A key holds its position, so equal keys are equal places. */
export function namesExactly(named: ReadonlyMap<RouteId, string>, wanted: ReadonlySet<string>): boolean {
  return new Set(named.values()).size === wanted.size && [...named.values()].every((key) => wanted.has(key));
}
