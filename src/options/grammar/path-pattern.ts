// Paths that are regular expressions. nginx and ngx_lua may be built with different PCREs (1 and 2), so a path is a
// pattern only if both read it, and read it the same way. What this parser lets through compiles in either; a test
// holds it to that. Refused beside mistakes: recursion, verbs, \Q, \K, \G, extended syntax, octal escapes.

import { bad, good, type Parse } from './parsed.ts';
import { classItems, ESCAPED_CLASSES, escapedCharacter, HEX } from './pattern-class.ts';

export interface PathPattern {
  /** Names of the capturing groups in order; null: it has only its number. */
  readonly groups: readonly (string | null)[];
  /** What every text that it matches at the start begins with, whatever the case; lower-case. */
  readonly literal: string;
  /** It says no more than that. */
  readonly plain: boolean;
}

/** Bounds on what a pattern takes when compiled: PCRE1 has 64 kB for it, of which a class takes 33 bytes. */
const LARGEST = 20_000;
const DEEPEST = 20;
const MOST_GROUPS = 50;
const MOST_REPEATS = 1_000;

/** @param given a path: printable, at most 1,024 bytes. */
export const pathPattern: Parse<PathPattern> = (given) => {
  const reader: Reader = { text: given, at: 0, depth: 0, groups: [], names: new Set(), highestReference: 0 };
  try {
    const whole = alternatives(reader);
    if (reader.at < given.length) fail('a ")" without "("');
    if (whole.size > LARGEST) fail('it is too large when its repetitions are written out');
    if (reader.highestReference > reader.groups.length) fail('it refers to a group that it does not have');
    const { literal } = whole;
    return good({
      groups: reader.groups,
      literal: literal.replace(/[A-Z]/g, (letter) => letter.toLowerCase()),
      plain: whole.plain,
    });
  } catch (error) {
    if (error instanceof Refusal) return bad(`a regular expression is expected, and ${error.message}`);
    throw error;
  }
};

/** The pattern that matches this text and nothing else, whatever the case. */
export function escapePattern(text: string): string {
  return text.replace(/[\\^$.[\]|()*+?{}]/g, '\\$&');
}

interface Reader {
  readonly text: string;
  at: number;
  depth: number;
  readonly groups: (string | null)[];
  readonly names: Set<string>;
  highestReference: number;
}

/** Of a part of the pattern. */
interface Part {
  /** About so many bytes when compiled. */
  readonly size: number;
  /** Characters that it takes; null: that varies. */
  readonly width: number | null;
  /** What it begins with. */
  readonly literal: string;
  /** It is nothing but that. */
  readonly plain: boolean;
  /** Whether a quantifier may follow. */
  readonly repeats: boolean;
}

class Refusal extends Error {}

function fail(message: string): never {
  throw new Refusal(message);
}

function alternatives(reader: Reader): Part {
  const parts = [sequence(reader)];
  while (reader.text[reader.at] === '|') {
    reader.at += 1;
    parts.push(sequence(reader));
  }
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return first;
  const size = parts.reduce((sum, part) => sum + part.size + 6, 0);
  const width = parts.every((part) => part.width === first?.width) ? (first?.width ?? null) : null;
  return { size, width, literal: '', plain: false, repeats: true };
}

function sequence(reader: Reader): Part {
  let [size, width, literal, plain]: [number, number | null, string, boolean] = [0, 0, '', true];
  while (reader.at < reader.text.length && !/[|)]/.test(reader.text[reader.at] ?? '')) {
    const one = atom(reader);
    const repeated = quantifier(reader, one);
    size += repeated.size;
    width = width === null || repeated.width === null ? null : width + repeated.width;
    if (plain) literal += repeated.literal;
    plain &&= repeated.plain;
  }
  return { size, width, literal, plain, repeats: true };
}

function atom(reader: Reader): Part {
  const character = reader.text[reader.at] ?? '';
  if (/[*+?]/.test(character)) fail(`there is nothing before "${character}" that could be repeated`);
  if (character === '(') return group(reader);
  reader.at += 1;
  if (character === '[') {
    reader.at = classItems(reader.text, reader.at, fail);
    return { size: 40, width: 1, literal: '', plain: false, repeats: true };
  }
  if (character === '\\') return escaped(reader);
  if (character === '.') return { size: 4, width: 1, literal: '', plain: false, repeats: true };
  if (character === '^' || character === '$')
    return { size: 2, width: 0, literal: '', plain: false, repeats: false };
  if (character === '{' && /^\s*,?\s*\d/.test(reader.text.slice(reader.at)))
    fail('there is nothing before "{" that could be repeated');
  // PCRE reads bytes: a repetition of a longer character would be one of its last byte.
  return { size: 8, width: 1, literal: character, plain: true, repeats: /^[\x20-\x7e]$/.test(character) };
}

function escaped(reader: Reader): Part {
  const rest = reader.text.slice(reader.at);
  const next = rest[0] ?? fail('it ends in "\\"');
  const hex = HEX.exec(rest);
  reader.at += hex === null ? 1 : hex[0].length;
  const literal = escapedCharacter(next);
  if (literal !== null) return { size: 8, width: 1, literal, plain: true, repeats: true };
  const anything = { size: 4, literal: '', plain: false, repeats: true } as const;
  if (hex !== null || ESCAPED_CLASSES.has(next)) return { ...anything, width: 1 };
  if (/[bBAzZ]/.test(next)) return { ...anything, width: 0, repeats: false };
  if (!/[1-9]/.test(next) || /\d/.test(rest[1] ?? '')) fail(`"\\${next}" is not supported`);
  reader.highestReference = Math.max(reader.highestReference, Number(next));
  return { ...anything, width: null };
}

function group(reader: Reader): Part {
  const kind = /^\((?:\?(?:[:=!>]|<[=!]|P?<([A-Za-z_][A-Za-z0-9_]{0,30})>|[ims]*(?:-[ims]+)?:))?/.exec(
    reader.text.slice(reader.at),
  );
  const opened = kind?.[0] ?? '(';
  const after = reader.text[reader.at + opened.length];
  if (after === '*' || (opened === '(' && after === '?')) {
    const flags = /^\(\?[ims]*(?:-?[ims]+)\)/.exec(reader.text.slice(reader.at));
    if (flags === null) fail(`"(${after}" is not supported here`);
    reader.at += flags[0].length;
    return { size: 0, width: 0, literal: '', plain: false, repeats: false };
  }
  const name = kind?.[1];
  if (name !== undefined && reader.names.has(name)) fail(`two groups are named ${name}`);
  if (name !== undefined) reader.names.add(name);
  if (opened === '(' || name !== undefined) reader.groups.push(name ?? null);
  if (reader.groups.length > MOST_GROUPS) fail(`it has more than ${MOST_GROUPS} groups`);
  reader.depth += 1;
  if (reader.depth > DEEPEST) fail(`its groups are nested deeper than ${DEEPEST}`);
  reader.at += opened.length;
  const within = alternatives(reader);
  if (reader.text[reader.at] !== ')') fail('a "(" is not closed');
  reader.at += 1;
  reader.depth -= 1;
  const looks = /[=!]$/.test(opened);
  if (opened.startsWith('(?<') && looks && within.width === null)
    fail('what it looks back at varies in length');
  const part = { size: within.size + 12, literal: '', plain: false };
  return { ...part, width: looks ? 0 : within.width, repeats: !looks };
}

function quantifier(reader: Reader, one: Part): Part {
  const found = /^(?:[*+?]|\{(\d+)(?:(,)(\d*))?\})/.exec(reader.text.slice(reader.at));
  if (found === null) {
    if (/^\{\s*,?\s*\d/.test(reader.text.slice(reader.at))) fail('a "{" is not closed as it should be');
    return one;
  }
  if (!one.repeats) fail(`"${found[0]}" stands where nothing can be repeated`);
  reader.at += found[0].length;
  if (/[?+]/.test(reader.text[reader.at] ?? '')) reader.at += 1;
  if (/^(?:[*+?]|\{\d)/.test(reader.text.slice(reader.at))) fail('a repetition is repeated');
  const [, least, comma, most] = found;
  const low = least === undefined ? 1 : Number(least);
  const high = most === undefined || most === '' ? low : Number(most);
  if (low > MOST_REPEATS || high > MOST_REPEATS || high < low) fail(`"${found[0]}" is not supported`);
  const size = (one.size + 4) * Math.max(1, low, high);
  if (size > LARGEST) fail('it is too large when its repetitions are written out');
  const exactly = least !== undefined && comma === undefined && one.width !== null;
  return { size, width: exactly ? (one.width ?? 0) * low : null, literal: '', plain: false, repeats: false };
}
