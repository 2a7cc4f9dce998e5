// Switches: `true`/`false` exactly as Go's strconv.ParseBool takes them, and nginx's `on`/`off`.

import { bad, good, type Parse } from './parsed.ts';

const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

export const boolean: Parse<boolean> = (text) =>
  TRUE.has(text) ? good(true) : FALSE.has(text) ? good(false) : bad('"true" or "false" is expected');

export const onOff: Parse<boolean> = (text) =>
  text === 'on' ? good(true) : text === 'off' ? good(false) : bad('"on" or "off" is expected');
