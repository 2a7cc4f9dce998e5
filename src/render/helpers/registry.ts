// Every helper that a template may call with a value. There is no helper for "any text".

import { key } from './key.ts';
import { luaNumber, luaString, luaStrings } from './lua.ts';
import { param } from './param.ts';
import { host, listen, location, luaPath, path } from './place.ts';
import { text } from './rendered-text.ts';
import { number, onOff, seconds, size } from './scalars.ts';
import { token, words } from './words.ts';

export const TYPED_HELPERS: Readonly<Record<string, (value: unknown) => string>> = {
  host,
  key,
  listen,
  location,
  luaNumber,
  luaPath,
  luaString,
  luaStrings,
  number,
  onOff,
  param,
  path,
  seconds,
  size,
  text,
  token,
  words,
};
