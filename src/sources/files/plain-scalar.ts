// One value on one line, by YAML's core schema: what is surely a text, number, truth value or nothing, and flow
// collections of such. Everything else is for the YAML library.

/** Not surely known. */
export const UNSURE = Symbol('unsure');

/** @param text not empty, without spaces at its ends; a comment may follow. */
export function readScalar(text: string): unknown {
  const first = text[0] ?? '';
  if (QUOTES.includes(first) || BRACKETS.includes(first)) {
    const part = QUOTES.includes(first) ? readQuoted(text, 0) : readFlow(text, 0, 0);
    return part !== null && isEnd(text, part.end) ? part.value : UNSURE;
  }
  const comment = text.indexOf(' #');
  const plain = comment < 0 ? text : text.slice(0, comment).trimEnd();
  return PLAIN_START.test(plain) && !plain.includes(': ') && !plain.endsWith(':') ? resolve(plain) : UNSURE;
}

const QUOTES = '"\'';
const BRACKETS = '[{';
/** Letters, digits, and what cannot begin anything else; a hyphen or colon needs more behind it. */
const PLAIN_START = /^(?:[A-Za-z0-9_/$(^+.~<=;\\\u00a1-\ud7ff]|-[A-Za-z0-9_/.-])/;

function resolve(plain: string): unknown {
  const first = plain.charCodeAt(0);
  // What begins otherwise is nothing but text: only these begin a number, or one of the words.
  if (!WORD_START.test(plain)) return plain;
  switch (plain) {
    case 'true':
      return true;
    case 'false':
      return false;
    case 'null':
      return null;
  }
  if (OTHER_WORDS.test(plain)) return UNSURE;
  const isNumeric = (first >= 0x30 && first <= 0x39) || NUMBER_SIGNS.includes(plain[0] ?? '');
  if (!isNumeric) return plain;
  if (WHOLE.test(plain)) return Number(plain);
  return NUMBER.test(plain) ? UNSURE : plain;
}

const WORD_START = /^[-+.0-9~tTfFnN]/;
const OTHER_WORDS = /^(?:~|True|TRUE|False|FALSE|Null|NULL)$/;
const NUMBER_SIGNS = ['-', '+', '.'];
const WHOLE = /^(?:0|[1-9][0-9]{0,14})$/;
/** Whatever the core schema might take for a number. */
const NUMBER = /^[-+]?(?:[0-9.][0-9.eE+-]*|0[xo][0-9A-Fa-f]*|\.(?:inf|Inf|INF|nan|NaN|NAN))$/;

interface Part {
  readonly value: unknown;
  /** Index behind it. */
  readonly end: number;
}

function readQuoted(text: string, start: number): Part | null {
  const pattern = text[start] === '"' ? DOUBLE : SINGLE;
  pattern.lastIndex = start;
  const found = pattern.exec(text);
  if (found === null) return null;
  const inner = found[1] ?? '';
  const value =
    pattern === SINGLE
      ? inner.replaceAll("''", "'")
      : inner.replaceAll(/\\(.)/g, (_, escaped: string) => ESCAPES[escaped] ?? escaped);
  return { value, end: pattern.lastIndex };
}

const DOUBLE = /"((?:[^"\\]|\\["\\ntr])*)"/y;
const SINGLE = /'((?:[^']|'')*)'/y;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

function readFlow(text: string, start: number, depth: number): Part | null {
  if (depth > DEEPEST) return null;
  const isList = text[start] === '[';
  const closing = isList ? ']' : '}';
  const list: unknown[] = [];
  const mapping: Record<string, unknown> = {};
  let at = skip(text, start + 1);
  if (text[at] === closing) return { value: isList ? list : mapping, end: at + 1 };
  for (;;) {
    let key = '';
    if (!isList) {
      FLOW_KEY.lastIndex = at;
      const found = FLOW_KEY.exec(text);
      if (found?.[1] === undefined) return null;
      key = found[1];
      if (key === '__proto__' || Object.hasOwn(mapping, key)) return null;
      at = FLOW_KEY.lastIndex;
    }
    const part = readFlowValue(text, at, depth);
    if (part === null || part.value === UNSURE) return null;
    if (isList) list.push(part.value);
    else mapping[key] = part.value;
    at = skip(text, part.end);
    if (text[at] === closing) return { value: isList ? list : mapping, end: at + 1 };
    if (text[at] !== ',') return null;
    at = skip(text, at + 1);
  }
}

function readFlowValue(text: string, at: number, depth: number): Part | null {
  const first = text[at];
  if (first !== undefined && BRACKETS.includes(first)) return readFlow(text, at, depth + 1);
  if (first !== undefined && QUOTES.includes(first)) return readQuoted(text, at);
  FLOW_PLAIN.lastIndex = at;
  const found = FLOW_PLAIN.exec(text);
  return found === null ? null : { value: resolve(found[0]), end: FLOW_PLAIN.lastIndex };
}

const DEEPEST = 10;
const FLOW_KEY = /([A-Za-z0-9_][A-Za-z0-9_./-]{0,300}): +/y;
/** Nothing that could be the end of it, or a key. */
const FLOW_PLAIN = /[A-Za-z0-9_/.][A-Za-z0-9_/.-]*(?=[ ,\]}])/y;

function skip(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ') at += 1;
  return at;
}

/** Nothing follows but perhaps a comment. */
function isEnd(text: string, at: number): boolean {
  return at === text.length || (text[at] === ' ' && text[skip(text, at)] === '#');
}
