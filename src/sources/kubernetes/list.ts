// All objects of one feed, page by page, each projected before the next page is asked for. Either all of it or
// nothing: a list that breaks off changes nothing.
//
// Lists name no resourceVersion, which asks for the newest state: a controller restarts seldom enough to pay for it,
// and then no API server behind a load balancer can take us back in time.

import type { Cluster } from './cluster.ts';
import { type Failure, isExpired, unreachable } from './failure.ts';
import { getList } from './get-list.ts';
import type { Resource } from './resource.ts';
import { isRecord, readVersion } from './standing.ts';
import type { Entry, Store } from './store.ts';
import type { Timing } from './timing.ts';

export type Listing<T> =
  | { readonly outcome: 'listed'; readonly entries: ReadonlyMap<string, Entry<T>>; readonly version: string }
  | { readonly outcome: 'failed'; readonly failure: Failure };

export interface ListParts<T> {
  readonly cluster: Cluster;
  readonly resource: Resource;
  readonly store: Pick<Store<T>, 'read'>;
  readonly timing: Timing;
  readonly signal: AbortSignal;
}

export async function listAll<T>(parts: ListParts<T>): Promise<Listing<T>> {
  const paged = await listPages(parts, parts.timing.pageSize);
  // The server forgot the state that the pages were cut from. One long page needs no memory of it.
  const isOutdated = paged.outcome === 'failed' && isExpired(paged.failure);
  return isOutdated && !parts.signal.aborted ? listPages(parts, null) : paged;
}

async function listPages<T>(parts: ListParts<T>, limit: number | null): Promise<Listing<T>> {
  const { resource, store } = parts;
  const entries = new Map<string, Entry<T>>();
  let next: string | null = null;
  do {
    const page: Page | Failure = await getPage(parts, limit, next);
    if ('status' in page) return { outcome: 'failed', failure: page };
    for (const item of page.items) {
      // Items of a list do not say what they are.
      const read = store.read(
        isRecord(item) ? { ...item, kind: resource.kind, apiVersion: resource.apiVersion } : item,
      );
      if (read === null) return damaged(resource, 'an item without a name or a version');
      entries.set(read.name, read.entry);
    }
    if (page.next === null) return { outcome: 'listed', entries, version: page.version };
    next = page.next;
  } while (!parts.signal.aborted);
  return { outcome: 'failed', failure: unreachable({ message: 'the controller is ending' }) };
}

interface Page {
  readonly items: readonly unknown[];
  readonly version: string;
  readonly next: string | null;
}

async function getPage<T>(
  parts: ListParts<T>,
  limit: number | null,
  next: string | null,
): Promise<Page | Failure> {
  const got = await getList(parts, {
    ...(limit === null ? {} : { limit: String(limit) }),
    ...(next === null ? {} : { continue: next }),
  });
  if (!('text' in got)) return got;
  return readPage(got.text) ?? damaged(parts.resource, 'an answer that is no list').failure;
}

function readPage(text: string): Page | null {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    return null;
  }
  const version = readVersion(list);
  if (!isRecord(list) || version === null) return null;
  // An empty list of Go's is null, but only in a list that says what it is.
  const items = list.items ?? (typeof list.kind === 'string' && list.kind.endsWith('List') ? [] : null);
  if (!Array.isArray(items)) return null;
  const next = isRecord(list.metadata) ? list.metadata.continue : null;
  return { items, version, next: typeof next === 'string' && next !== '' ? next : null };
}

function damaged(
  resource: Resource,
  what: string,
): { readonly outcome: 'failed'; readonly failure: Failure } {
  const message = `the API server gave ${what} when asked to list ${resource.label}`;
  return { outcome: 'failed', failure: { status: 200, reason: '', message, retryAfter: null } };
}
