// Interleaved rounds: in each every subject has one turn, in random order, so that what the machine does meanwhile
// is spread over all of them.

export type Turn<Result> = { readonly subject: string; readonly run: () => Promise<Result> };

/** Results by subject, one a round, in the order of the rounds. */
export async function interleave<Result>(
  turns: readonly Turn<Result>[],
  { rounds, signal }: { readonly rounds: number; readonly signal: AbortSignal },
): Promise<ReadonlyMap<string, readonly Result[]>> {
  const results = new Map<string, Result[]>(turns.map(({ subject }) => [subject, []]));
  for (let round = 0; round < rounds; round++) {
    for (const turn of shuffle(turns)) {
      signal.throwIfAborted();
      results.get(turn.subject)?.push(await turn.run());
    }
  }
  return results;
}

export function shuffle<Item>(items: readonly Item[]): readonly Item[] {
  const order = items.map((item) => ({ item, place: Math.random() }));
  return order.sort((a, b) => a.place - b.place).map(({ item }) => item);
}
