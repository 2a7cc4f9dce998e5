// nginx's rules for words, as its own reader has them: quotes only at the start of a word, `#` a comment only
// there, `}` an ordinary byte inside an unquoted word, and backslash escapes that mostly keep the backslash.

export interface Word {
  readonly value: string;
  /** Offset of what follows. */
  readonly next: number;
}

/** What is wrong with the text of a file, and where. */
export class SyntaxProblem extends Error {
  override readonly name = 'SyntaxProblem';
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

const SPACE = /[ \t\r\n]*/y;
const COMMENT = /#[^\n]*/y;
const PLAIN = /[^\s;{\\$]+/y;

/** Offset of the next byte that is neither space nor comment. */
export function skipSpace(text: string, from: number): number {
  let at = from;
  for (;;) {
    SPACE.lastIndex = at;
    SPACE.exec(text);
    at = SPACE.lastIndex;
    if (text[at] !== '#') return at;
    COMMENT.lastIndex = at;
    COMMENT.exec(text);
    at = COMMENT.lastIndex;
  }
}

export function readWord(text: string, from: number): Word {
  const first = text[from];
  return first === '"' || first === "'" ? readQuoted(text, from, first) : readPlain(text, from);
}

function readPlain(text: string, from: number): Word {
  let at = from;
  let escaped = false;
  while (at < text.length) {
    PLAIN.lastIndex = at;
    if (PLAIN.exec(text) !== null) at = PLAIN.lastIndex;
    const stop = text[at];
    if (stop === '\\') {
      escaped = true;
      at += 2;
    } else if (stop === '$') {
      // `${name}` does not open a block.
      at += text[at + 1] === '{' ? 2 : 1;
    } else break;
  }
  if (at > text.length) throw new SyntaxProblem(from, 'the text ends in a backslash');
  const raw = text.slice(from, at);
  return { value: escaped ? resolveEscapes(raw) : raw, next: at };
}

function readQuoted(text: string, from: number, quote: string): Word {
  let at = from + 1;
  while (at < text.length && text[at] !== quote) at += text[at] === '\\' ? 2 : 1;
  if (at >= text.length) throw new SyntaxProblem(from, 'a quote is not closed');
  const after = text[at + 1];
  if (after !== undefined && !' \t\r\n;{)'.includes(after)) {
    throw new SyntaxProblem(at + 1, 'a quoted word is followed by something else');
  }
  const raw = text.slice(from + 1, at);
  return { value: raw.includes('\\') ? resolveEscapes(raw) : raw, next: at + 1 };
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '\\': '\\',
  t: '\t',
  r: '\r',
  n: '\n',
};

function resolveEscapes(raw: string): string {
  return raw.replace(/\\([\s\S])/g, (whole, char: string) => ESCAPES[char] ?? whole);
}
