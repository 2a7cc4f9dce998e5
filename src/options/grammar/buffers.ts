// `4 8k`: how many buffers, and how big each is.

import { integer } from './number.ts';
import { bad, good, type Parse } from './parsed.ts';
import { bufferSize } from './size.ts';

export const buffers: Parse<{ readonly number: number; readonly size: number }> = (given) => {
  const [count = '', each = '', ...rest] = given.slice(0, 100).trim().split(/ +/);
  const number = integer(1, 256)(count);
  const bytes = bufferSize(each);
  return number.ok && bytes.ok && rest.length === 0
    ? good({ number: number.value, size: bytes.value })
    : bad('a number and a size are expected, as 4 8k');
};
