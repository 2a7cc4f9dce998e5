// Which Secrets are kept with their data: those that an Ingress or a flag names. Of the others the watch tells only
// that they are there; when one is named for the first time, it is fetched by itself while the watch goes on.

import type { Ingress, ObjectName, Secret } from '../../model/kubernetes.ts';
import { namespacedName } from '../../options/grammar/object-name.ts';
import type { Cluster } from './cluster.ts';
import { type Failure, refusal, unreachable } from './failure.ts';
import { createPauses, pause } from './pause.ts';
import type { Store } from './store.ts';
import type { Timing } from './timing.ts';

export interface SecretKeeper {
  readonly wants: (name: ObjectName) => boolean;
  /** To be called with each change of an Ingress, before anything else is read. */
  ingressChanged(before: Ingress | null, after: Ingress | null): void;
  /** To be called after each full list of Secrets: it was read while references changed. */
  listed(): void;
  /** A Secret that Ingresses name is on its way, and was not for too long already. */
  isWaiting(): boolean;
  /** The newest Ingresses are in force: what only former ones named may go. */
  settle(): void;
}

export interface SecretKeeperParts {
  readonly cluster: Cluster;
  readonly flagged: readonly ObjectName[];
  /** Of our annotations, without the slash. */
  readonly annotationsPrefix: string;
  /** Where Secrets are looked for; called late, since stores ask `wants`. */
  readonly stores: () => readonly Store<Secret>[];
  readonly timing: Timing;
  readonly signal: AbortSignal;
  readonly onFailure: (name: ObjectName, failure: Failure) => void;
  /** `isWaiting` may answer otherwise. */
  readonly onArrived: () => void;
}

export function createSecretKeeper(parts: SecretKeeperParts): SecretKeeper {
  const { timing, signal } = parts;
  const pauses = createPauses(timing, Math.random);
  const references = new Map<ObjectName, number>(parts.flagged.map((name) => [name, 1]));
  /** Named no more by the newest Ingresses, which may still be waiting for other Secrets. */
  const leaving = new Set<ObjectName>();
  const queue = new Set<ObjectName>();
  /** Secrets on their way; null: not waited for any more. */
  const coming = new Map<ObjectName, NodeJS.Timeout | null>();
  /** One patience for all of them: who names ever new Secrets must not hold up everybody's Ingresses. */
  let waitingSince: number | null = null;
  let running = 0;

  const stop = (): void => {
    for (const timer of coming.values()) clearTimeout(timer ?? undefined);
  };
  signal.addEventListener('abort', stop, { once: true });

  return {
    wants: (name) => references.has(name) || leaving.has(name),
    ingressChanged(before, after) {
      const former = before === null ? NOTHING : secretsOf(before, parts.annotationsPrefix);
      const named = after === null ? NOTHING : secretsOf(after, parts.annotationsPrefix);
      for (const name of named) references.set(name, (references.get(name) ?? 0) + 1);
      for (const name of former) release(name);
      for (const name of named) fetchIfLeftOut(name);
    },
    listed() {
      for (const name of references.keys()) fetchIfLeftOut(name);
    },
    isWaiting() {
      if (![...coming.values()].some((timer) => timer !== null)) waitingSince = null;
      if (waitingSince === null) return false;
      // A timer may be a moment early.
      if (performance.now() - waitingSince < timing.secretPatience - 2) return true;
      for (const name of coming.keys()) giveUp(name);
      waitingSince = null;
      return false;
    },
    settle() {
      for (const name of leaving) {
        leaving.delete(name);
        if (references.has(name)) continue;
        for (const store of parts.stores()) store.leaveOut(name);
      }
    },
  };

  function release(name: ObjectName): void {
    const count = (references.get(name) ?? 0) - 1;
    if (count > 0) {
      references.set(name, count);
      return;
    }
    references.delete(name);
    leaving.add(name);
    arrived(name);
  }

  function fetchIfLeftOut(name: ObjectName): void {
    if (coming.has(name) || !isLeftOut(name) || signal.aborted) return;
    const impatient = setTimeout(() => {
      giveUp(name);
      parts.onArrived();
    }, timing.secretPatience);
    coming.set(name, impatient);
    waitingSince ??= performance.now();
    enqueue(name);
  }

  function giveUp(name: ObjectName): void {
    clearTimeout(coming.get(name) ?? undefined);
    coming.set(name, null);
  }

  function enqueue(name: ObjectName): void {
    queue.add(name);
    if (running < AT_ONCE) void work();
  }

  async function work(): Promise<void> {
    running += 1;
    for (let [name] = queue; name !== undefined && !signal.aborted; [name] = queue) {
      queue.delete(name);
      if (isMissing(name)) await fetchOne(name);
      else arrived(name);
    }
    running -= 1;
  }

  /** The watch may be faster, and is then right. */
  async function fetchOne(name: ObjectName): Promise<void> {
    const fetched = await get(name, parts);
    if (signal.aborted) return;
    if (fetched !== null && 'status' in fetched) {
      parts.onFailure(name, fetched);
      // Others are not held up meanwhile.
      void pause(pauses.after(fetched), signal).then(() => {
        if (!signal.aborted) enqueue(name);
      });
      return;
    }
    pauses.reset();
    for (const store of parts.stores()) {
      const read =
        fetched !== null && isMissing(name) && store.isLeftOut(name) ? store.read(fetched.raw) : null;
      if (read !== null) store.put(read.name, read.entry);
    }
    arrived(name);
  }

  function arrived(name: ObjectName): void {
    const timer = coming.get(name);
    if (timer === undefined) return;
    clearTimeout(timer ?? undefined);
    coming.delete(name);
    parts.onArrived();
  }

  function isMissing(name: ObjectName): boolean {
    return references.has(name) && isLeftOut(name);
  }

  function isLeftOut(name: ObjectName): boolean {
    return parts.stores().some((store) => store.isLeftOut(name));
  }
}

const AT_ONCE = 4;
const NOTHING: ReadonlySet<ObjectName> = new Set();

/** Only of its own namespace: no other may be used, so none is read. */
function secretsOf({ metadata, tls }: Ingress, prefix: string): ReadonlySet<ObjectName> {
  const own = `${metadata.namespace}/`;
  const named = metadata.annotations[`${prefix}/proxy-ssl-secret`] ?? '';
  const names = tls.flatMap(({ secretName }) => (secretName ? [`${own}${secretName}`] : []));
  return new Set(named.startsWith(own) && namespacedName(named).ok ? [...names, named] : names);
}

/** @returns null: it is not there. */
async function get(
  name: ObjectName,
  { cluster, timing, signal }: SecretKeeperParts,
): Promise<{ readonly raw: unknown } | Failure | null> {
  const [namespace = '', secret = ''] = name.split('/');
  const answer = await cluster.request({
    method: 'GET',
    path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets/${encodeURIComponent(secret)}`,
    signal,
    headersTimeout: timing.headersTimeout,
    bodyTimeout: timing.bodyTimeout,
  });
  if (answer.outcome === 'unreachable') return unreachable(answer);
  if (answer.status === 404) {
    await answer.discard();
    return null;
  }
  if (answer.status !== 200) return refusal(answer, 'get a Secret');
  const body = await answer.text();
  if (body.outcome === 'unreachable') return unreachable(body);
  try {
    return { raw: JSON.parse(body.text) };
  } catch {
    return {
      status: 200,
      reason: '',
      message: 'the API server gave a Secret that is no JSON',
      retryAfter: null,
    };
  }
}
