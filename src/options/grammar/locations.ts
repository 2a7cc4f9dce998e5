// Lists of path prefixes, separated by commas, as `no-tls-redirect-locations`.

import { bad, good, type Parse } from './parsed.ts';
import { path } from './path.ts';

export const locationList: Parse<readonly string[]> = (given) => {
  if (given.length > 100_000) return bad('a shorter list is expected');
  const items = given.split(',').map((item) => item.trim());
  const wrong = items.filter((item) => item !== '').find((item) => !path(item).ok);
  return wrong === undefined
    ? good([...new Set(items.filter((item) => item !== ''))].toSorted())
    : bad('paths that start with "/", separated by commas, are expected');
};
