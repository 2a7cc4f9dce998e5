// The objects of one feed as they were seen last. What did not change keeps its identity, and so does the map; a
// malformed object keeps its last good form; and a list that lacks most of what was there is not believed at once.

import { isDeepStrictEqual } from 'node:util';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { ObjectName } from '../../model/kubernetes.ts';
import { patchMap } from '../../model/patched-map.ts';
import { readStanding, type Standing } from './standing.ts';

export interface Entry<T> {
  readonly uid: string;
  readonly version: string;
  /** null: left out, or malformed from the start. */
  readonly object: T | null;
  readonly leftOut: boolean;
  readonly diagnostics: readonly Diagnostic[];
}

export type Projected<T> = { readonly object: T } | { readonly diagnostics: readonly Diagnostic[] };

export interface StoreOptions<T> {
  readonly project: (raw: Readonly<Record<string, unknown>>) => Projected<T>;
  /** Of which objects only the name is wanted is left out: it is known to be there, and takes no room. */
  readonly wants?: (name: ObjectName) => boolean;
  /** Milliseconds that deletions en masse wait for another list. */
  readonly hold: number;
  /** After each change of an object; null: it was not, or is no more. */
  readonly onChange: (name: ObjectName, before: T | null, after: T | null) => void;
}

export interface Store<T> {
  /** The same map until something changes. */
  objects(): ReadonlyMap<ObjectName, T>;
  size(): number;
  diagnostics(): readonly Diagnostic[];
  /** Projects one foreign object; null: it has no name or version. Changes nothing. */
  read(raw: unknown): { readonly name: ObjectName; readonly entry: Entry<T> } | null;
  put(name: ObjectName, entry: Entry<T>): void;
  /** Only the object of that uid, if one is given. */
  remove(name: ObjectName, uid?: string): void;
  /** All that there is, by a full list. @param now on a monotonic clock. */
  replace(listed: ReadonlyMap<ObjectName, Entry<T>>, now: number): void;
  /** How many objects are kept although the last list lacked them, and when another list may confirm it. */
  held(): { readonly count: number; readonly until: number } | null;
  isLeftOut(name: ObjectName): boolean;
  /** From now on only its name is wanted. */
  leaveOut(name: ObjectName): void;
}

export function createStore<T extends object>(options: StoreOptions<T>): Store<T> {
  const { project, wants = () => true, hold, onChange } = options;
  const entries = new Map<ObjectName, Entry<T>>();
  const malformed = new Map<ObjectName, readonly Diagnostic[]>();
  const held = new Set<ObjectName>();
  let heldUntil = 0;
  let objects: ReadonlyMap<ObjectName, T> = new Map();
  /** What changed since the map was asked for; undefined: removed. */
  const changed = new Map<ObjectName, T | undefined>();
  let diagnostics: readonly Diagnostic[] | null = [];

  return {
    objects: current,
    size: () => current().size,
    diagnostics() {
      diagnostics ??= [...malformed.values()].flat();
      return diagnostics;
    },
    read(raw) {
      const standing = readStanding(raw);
      return standing === null ? null : { name: standing.name, entry: entryOf(standing) };
    },
    put,
    remove,
    replace(listed, now) {
      for (const name of held) if (listed.has(name)) held.delete(name);
      const vanished = [...entries.keys()].filter((name) => !listed.has(name));
      const fresh = vanished.filter((name) => !held.has(name));
      const confirmed = now >= heldUntil ? vanished.filter((name) => held.has(name)) : [];
      const isMass = looksWrong(fresh.length, entries.size - held.size);
      for (const [name, entry] of listed) put(name, entry);
      for (const name of isMass ? confirmed : [...fresh, ...confirmed]) remove(name);
      if (!isMass) return;
      for (const name of fresh) held.add(name);
      heldUntil = now + hold;
    },
    held: () => (held.size === 0 ? null : { count: held.size, until: heldUntil }),
    isLeftOut: (name) => entries.get(name)?.leftOut === true,
    leaveOut(name) {
      const entry = entries.get(name);
      if (entry !== undefined) put(name, { ...entry, object: null, leftOut: true, diagnostics: [] });
    },
  };

  function current(): ReadonlyMap<ObjectName, T> {
    if (changed.size > 0) objects = patchMap(objects, changed);
    changed.clear();
    return objects;
  }

  function entryOf({ name, uid, version, raw }: Standing): Entry<T> {
    const before = entries.get(name);
    const same = before?.uid === uid ? before : undefined;
    if (!wants(name)) return { uid, version, object: null, leftOut: true, diagnostics: [] };
    if (same?.version === version && !same.leftOut) return same;
    const projected = project(raw);
    if ('object' in projected) {
      const isEqual = same?.object != null && isDeepStrictEqual(same.object, projected.object);
      const object = isEqual ? (same?.object ?? projected.object) : projected.object;
      return { uid, version, object, leftOut: false, diagnostics: [] };
    }
    const kept = same?.object ?? null;
    return { uid, version, object: kept, leftOut: false, diagnostics: withKept(projected.diagnostics, kept) };
  }

  function put(name: ObjectName, entry: Entry<T>): void {
    held.delete(name);
    const before = entries.get(name);
    if (before === entry) return;
    entries.set(name, entry);
    say(name, entry.diagnostics);
    show(name, before?.object ?? null, entry.object);
  }

  function remove(name: ObjectName, uid?: string): void {
    const entry = entries.get(name);
    // An object of the same name that was made since is another one.
    if (entry === undefined || (uid !== undefined && uid !== '' && entry.uid !== uid)) return;
    held.delete(name);
    entries.delete(name);
    say(name, []);
    show(name, entry.object, null);
  }

  function show(name: ObjectName, before: T | null, after: T | null): void {
    if (before === after) return;
    changed.set(name, after ?? undefined);
    onChange(name, before, after);
  }

  function say(name: ObjectName, said: readonly Diagnostic[]): void {
    if (isDeepStrictEqual(malformed.get(name) ?? [], said)) return;
    diagnostics = null;
    if (said.length === 0) malformed.delete(name);
    else malformed.set(name, said);
    onChange(name, null, null);
  }
}

/**
 * Most of many, or all of a few: rather a restored etcd or the wrong cluster behind a name than what somebody did
 * in the moment between two watches.
 */
function looksWrong(vanished: number, before: number): boolean {
  return (vanished > 10 && vanished * 2 > before) || (vanished > 2 && vanished === before);
}

/** Beside what is wrong with it, what that means for what was there. */
function withKept(diagnostics: readonly Diagnostic[], kept: object | null): readonly Diagnostic[] {
  const [first] = diagnostics;
  if (kept === null || first === undefined) return diagnostics;
  const more: Diagnostic = {
    code: 'object-kept',
    severity: 'warning',
    object: first.object,
    field: '',
    message: 'the object is malformed now; its last good form stays in force',
    hint: 'Correct the fields that are named beside this, or remove the object.',
  };
  return [...diagnostics, more];
}
