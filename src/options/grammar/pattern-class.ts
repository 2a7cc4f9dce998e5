// Character classes and escapes of path patterns, as PCRE1 and PCRE2 read them alike.

/** `\d` and its like: any of several characters. */
export const ESCAPED_CLASSES: ReadonlySet<string> = new Set('dDwWsShH');

export const HEX = /^x[0-9A-Fa-f]{2}/;

const POSIX =
  /^\[:\^?(?:alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space|upper|word|xdigit):\]/;

/** What an escape stands for when it is one known character: punctuation stands for itself. */
export function escapedCharacter(next: string): string | null {
  return /^[!-/:-@[-`{-~]$/.test(next) ? next : null;
}

/**
 * Reads a class whose "[" has been read.
 *
 * @returns where it ends, after its "]".
 */
export function classItems(text: string, start: number, fail: (message: string) => never): number {
  let at = start;
  if (text[at] === '^') at += 1;
  // As the first item "]" stands for itself.
  for (let first = true; first || text[at] !== ']'; first = false) {
    if (at >= text.length) fail('a "[" is not closed');
    const from = item(text, at, fail);
    at += from.length;
    if (text[at] !== '-' || text[at + 1] === ']' || text[at + 1] === undefined) continue;
    // PCRE1 takes "-" after a class for itself, PCRE2 refuses it.
    const to = item(text, at + 1, fail);
    if (from.code === null || to.code === null || from.code > to.code)
      fail(`"${text.slice(at - from.length, at + 1 + to.length)}" is not a range of characters`);
    at += 1 + to.length;
  }
  return at + 1;
}

interface Item {
  readonly length: number;
  /** Null: more than one character, or one that is several bytes. */
  readonly code: number | null;
}

function item(text: string, at: number, fail: (message: string) => never): Item {
  const rest = text.slice(at);
  if (/^\[[:.=]/.test(rest)) {
    const posix = POSIX.exec(rest) ?? fail('a class named in "[: :]" is not known');
    return { length: posix[0].length, code: null };
  }
  if (rest[0] !== '\\') return { length: 1, code: codeOf(rest[0] ?? '') };
  const next = rest[1] ?? '';
  const hex = HEX.exec(rest.slice(1));
  if (hex !== null) return { length: 4, code: Number.parseInt(hex[0].slice(1), 16) };
  const literal = escapedCharacter(next);
  if (literal === null && !ESCAPED_CLASSES.has(next)) fail(`"\\${next}" is not supported within "[ ]"`);
  return { length: 2, code: literal === null ? null : codeOf(literal) };
}

function codeOf(character: string): number | null {
  return /^[\x20-\x7e]$/.test(character) ? character.charCodeAt(0) : null;
}
