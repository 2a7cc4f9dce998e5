// The known name that a misspelt one was probably meant to be.

/**
 * Names within two edits of `given`, nearest first; names equal but for case are at no distance. Names of under six
 * letters allow one edit only.
 */
export function nearestNames(given: string, known: Iterable<string>): readonly string[] {
  if (given.length > 80) return [];
  const text = given.toLowerCase();
  const found: { readonly name: string; readonly distance: number }[] = [];
  for (const name of known) {
    const limit = name.length < 6 ? 1 : 2;
    if (Math.abs(name.length - text.length) > limit) continue;
    const distance = editDistance(text, name);
    if (distance <= limit) found.push({ name, distance });
  }
  return found
    .toSorted((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .map(({ name }) => name);
}

/** Insertions, deletions, substitutions and swaps of neighbours. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
