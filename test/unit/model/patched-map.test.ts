// A patched map is a map: whatever is patched from whatever, each version says what a plain one would.
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { mapChanges, patchMap } from '../../../src/model/patched-map.ts';

type Plain = Map<number, number>;
const key = fc.integer({ min: 0, max: 12 });
const change = fc.tuple(key, fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }));
const patch = fc.record({
  from: fc.nat(),
  changes: fc.array(change, { maxLength: 5 }),
  read: fc.option(fc.nat()),
});

function differences(before: Plain, after: Plain): unknown {
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((one) => before.get(one) !== after.get(one))
    .sort((a, b) => a - b)
    .map((one) => ({ key: one, before: before.get(one), after: after.get(one) }));
}

test('every version reads as a plain map does, whichever it was made from and whatever came after', () => {
  fc.assert(
    fc.property(fc.array(patch, { maxLength: 60 }), fc.boolean(), (patches, latest) => {
      const versions: { map: ReadonlyMap<number, number>; plain: Plain }[] = [
        { map: new Map([[1, 1]]), plain: new Map([[1, 1]]) },
      ];
      for (const { from, changes, read } of patches) {
        const source = versions[latest ? versions.length - 1 : from % versions.length];
        if (source === undefined) throw new Error('no version');
        const plain = new Map(source.plain);
        for (const [at, value] of changes) {
          if (value === undefined) plain.delete(at);
          else plain.set(at, value);
        }
        versions.push({ map: patchMap(source.map, changes), plain });
        const seen = versions[(read ?? 0) % versions.length];
        if (read !== null) expect(new Map(seen?.map)).toEqual(seen?.plain);
      }
      for (const { map, plain } of versions) {
        expect(map.size).toBe(plain.size);
        for (let at = 0; at <= 12; at += 1) {
          expect(map.get(at)).toBe(plain.get(at));
          expect(map.has(at)).toBe(plain.has(at));
        }
      }
      for (const a of versions.slice(-8)) {
        for (const b of versions) {
          const moved = [...mapChanges(a.map, b.map)].sort((x, y) => x.key - y.key);
          expect(moved).toEqual(differences(a.plain, b.plain));
        }
      }
      for (const { map, plain } of versions) expect(new Map(map)).toEqual(plain);
    }),
    { numRuns: 300 },
  );
});

test('a patch that changes nothing is the same map', () => {
  const map = patchMap(new Map([['a', 1]]), [['b', 2]]);
  expect(
    patchMap(map, [
      ['a', 1],
      ['c', undefined],
    ]),
  ).toBe(map); // prettier-ignore
});

test('whoever keeps an old version keeps few of those that came after', () => {
  const first = patchMap(new Map(), [[0, {}]]);
  let map = first;
  for (let round = 0; round < 5_000; round += 1) map = patchMap(map, [[1, { round }]]);
  expect(versions(first)).toBeLessThan(1_000);
  // And the newest none of those before it.
  expect(versions(map)).toBe(1);
  expect(first.get(1)).toBeUndefined();
});

/** How many versions can be reached from an old one. */
function versions(map: unknown): number {
  let count = 0;
  for (let at = map as { version?: { successor: unknown } } | null; at?.version; count += 1)
    at = at.version.successor as typeof at;
  return count;
}
