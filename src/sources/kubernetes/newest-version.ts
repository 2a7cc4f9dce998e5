// Has the server gone back in time, as after etcd was restored from a backup? A watch from a version of the future
// is silent until the server has caught up, so this has to be asked.

import type { Failure } from './failure.ts';
import { getList, type ListRequest } from './get-list.ts';
import { readVersion } from './standing.ts';

/** False also where versions are no numbers: then nothing can be said. */
export async function isBehind(parts: ListRequest, known: string): Promise<boolean | Failure> {
  const got = await getList(parts, { limit: '1' });
  if (!('text' in got)) return got;
  const newest = parse(got.text);
  return newest !== null && NUMBER.test(newest) && NUMBER.test(known) && BigInt(newest) < BigInt(known);
}

const NUMBER = /^\d{1,20}$/;

function parse(text: string): string | null {
  try {
    return readVersion(JSON.parse(text));
  } catch {
    return null;
  }
}
