// Shares of a hundred, `30` or `30%`.

import { integer } from './number.ts';
import { bad, type Parse } from './parsed.ts';

const number = integer(0, 100);

export const percent: Parse<number> = (given) => {
  const parsed = number(given.endsWith('%') ? given.slice(0, -1) : given);
  return parsed.ok ? parsed : bad('a percentage from 0 to 100, as 30 or 30%, is expected');
};
