// A map made from another one by a few changes, at the cost of these few: how Snapshot, Model and documents of ten
// thousand services can be new ones each time an endpoint moves. The newest of a line holds the entries; each older
// one holds what was different in it and its successor, so that whoever keeps an old one keeps it unchanged, and
// whoever keeps only the newest keeps nothing else.

/** What is different under a key; undefined: absent. No map holds undefined. */
export interface Moved<K, V> {
  readonly key: K;
  readonly before: V | undefined;
  readonly after: V | undefined;
}

/**
 * The map with these values in place; undefined removes. The same map again when nothing of it is different. New keys
 * stand last. Whoever goes through a map must have ended before it is patched.
 */
export function patchMap<K, V>(
  map: ReadonlyMap<K, V>,
  changes: Iterable<readonly [K, V | undefined]>,
): ReadonlyMap<K, V> {
  if (map.size === 0) return begin(map, changes);
  const wanted = new Map<K, V | undefined>();
  for (const [key, value] of changes) wanted.set(key, value);
  const former = new Map<K, V | undefined>();
  for (const [key, value] of wanted) {
    const before = map.get(key);
    if (before !== value) former.set(key, before);
    else wanted.delete(key);
  }
  return former.size === 0 ? map : succeed(map, wanted, former);
}

/**
 * What differs between two maps, by identity of the values. Costs what differs when `after` was made from `before` by
 * patches, and a comparison of both otherwise; the answer is the same.
 */
export function mapChanges<K, V>(
  before: ReadonlyMap<K, V>,
  after: ReadonlyMap<K, V>,
): readonly Moved<K, V>[] {
  if (before === after) return [];
  const former = formerValues(before, after);
  if (former === null) return compare(before, after);
  const moved: Moved<K, V>[] = [];
  for (const [key, value] of former) {
    const now = after.get(key);
    if (now !== value) moved.push({ key, before: value, after: now });
  }
  return moved;
}

/** One version in a line of maps. */
interface Version<K, V> {
  /** Null in all but the newest of a line, until such a one is read as a whole. */
  own: Map<K, V> | null;
  readonly size: number;
  /** How many changes this line may still take before a successor gets entries of its own: what bounds its length. */
  credit: number;
  /** What the successor has otherwise: the values that are here. */
  former: Former<K, V>;
  successor: PatchedMap<K, V> | null;
  /** Of the first of a line: what it was copied from. */
  origin: { readonly map: WeakRef<ReadonlyMap<K, V>>; readonly former: Former<K, V> } | null;
}

type Former<K, V> = ReadonlyMap<K, V | undefined>;

/** Reads as a Map everywhere. */
class PatchedMap<K, V> extends Map<K, V> {
  declare readonly version: Version<K, V>;

  constructor(own: Map<K, V>, credit: number, origin: Version<K, V>['origin']) {
    super();
    const version = { own, size: own.size, credit, former: new Map(), successor: null, origin };
    // Not enumerable: two maps are equal when their entries are.
    Object.defineProperty(this, 'version', { value: version });
  }

  override get size(): number {
    return this.version.size;
  }
  override get(key: K): V | undefined {
    let { version } = this;
    for (let steps = 0; version.own === null && version.successor !== null && steps < FAR; steps += 1) {
      if (version.former.has(key)) return version.former.get(key);
      version = version.successor.version;
    }
    return (version.own ?? entriesOf(this.version)).get(key);
  }
  override has(key: K): boolean {
    return this.get(key) !== undefined;
  }
  override entries(): MapIterator<[K, V]> {
    return entriesOf(this.version).entries();
  }
  override keys(): MapIterator<K> {
    return entriesOf(this.version).keys();
  }
  override values(): MapIterator<V> {
    return entriesOf(this.version).values();
  }
  override [Symbol.iterator](): MapIterator<[K, V]> {
    return entriesOf(this.version).entries();
  }
  override forEach(callback: (value: V, key: K, map: Map<K, V>) => void): void {
    for (const [key, value] of entriesOf(this.version)) callback(value, key, this);
  }
  override set(): never {
    throw new TypeError('a patched map cannot be changed, only patched');
  }
  override delete(): never {
    return this.set();
  }
  override clear(): never {
    return this.set();
  }
}

// Equal entries, equal maps, for whoever compares what they were made by, too.
Object.defineProperty(PatchedMap.prototype, 'constructor', { value: Map });

/** Steps that a single value is looked for in newer versions before an old one gets entries of its own. */
const FAR = 32;
const LEAST_CREDIT = 512;

/** From nothing, as all maps do: there is nothing to keep of what was before. */
function begin<K, V>(
  map: ReadonlyMap<K, V>,
  changes: Iterable<readonly [K, V | undefined]>,
): ReadonlyMap<K, V> {
  const entries = new Map<K, V>();
  for (const [key, value] of changes) {
    if (value === undefined) entries.delete(key);
    else entries.set(key, value);
  }
  return entries.size === 0 ? map : new PatchedMap(entries, creditOf(entries), null);
}

function creditOf(entries: ReadonlyMap<unknown, unknown>): number {
  return Math.max(LEAST_CREDIT, entries.size);
}

function succeed<K, V>(
  map: ReadonlyMap<K, V>,
  wanted: ReadonlyMap<K, V | undefined>,
  former: Former<K, V>,
): ReadonlyMap<K, V> {
  const version = versionOf(map);
  const shared = version?.successor === null && version.credit >= former.size ? version.own : null;
  const entries = shared ?? new Map(map);
  for (const [key, value] of wanted) {
    if (value === undefined) entries.delete(key);
    else entries.set(key, value);
  }
  if (version === null || shared === null) {
    return new PatchedMap(entries, creditOf(entries), { map: new WeakRef(map), former });
  }
  const next = new PatchedMap(entries, version.credit - former.size, null);
  Object.assign(version, { own: null, former, successor: next, origin: null });
  return next;
}

function versionOf<K, V>(map: ReadonlyMap<K, V>): Version<K, V> | null {
  return map instanceof PatchedMap ? (map as PatchedMap<K, V>).version : null;
}

function entriesOf<K, V>(of: Version<K, V>): Map<K, V> {
  const path: Version<K, V>[] = [];
  let version = of;
  while (version.own === null && version.successor !== null) {
    path.push(version);
    version = version.successor.version;
  }
  if (path.length === 0 && of.own !== null) return of.own;
  const entries = new Map(version.own);
  for (const { former } of path.reverse()) {
    for (const [key, value] of former) {
      if (value === undefined) entries.delete(key);
      else entries.set(key, value);
    }
  }
  of.own = entries;
  return entries;
}

/** For each key that a patch between the two has touched the value in the first; null: they are not of one line. */
function formerValues<K, V>(before: ReadonlyMap<K, V>, after: ReadonlyMap<K, V>): Former<K, V> | null {
  const values = new Map<K, V | undefined>();
  const add = (former: Former<K, V>): void => {
    for (const [key, value] of former) if (!values.has(key)) values.set(key, value);
  };
  let at = before;
  for (let version = versionOf(at); at !== after && version?.successor; version = versionOf(at)) {
    add(version.former);
    at = version.successor;
  }
  if (at === after) return values;
  const origin = versionOf(after)?.origin ?? null;
  if (origin?.map.deref() !== at) return null;
  add(origin.former);
  return values;
}

function compare<K, V>(before: ReadonlyMap<K, V>, after: ReadonlyMap<K, V>): readonly Moved<K, V>[] {
  const moved: Moved<K, V>[] = [];
  let common = 0;
  for (const [key, value] of after) {
    const former = before.get(key);
    if (former !== undefined) common += 1;
    if (former !== value) moved.push({ key, before: former, after: value });
  }
  if (common === before.size) return moved;
  for (const [key, value] of before) {
    if (!after.has(key)) moved.push({ key, before: value, after: undefined });
  }
  return moved;
}
