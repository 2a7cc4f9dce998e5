// Where a Lua block ends: at the brace that closes it, seen past strings, long brackets and comments.

import { SyntaxProblem } from './words.ts';

export interface LuaBlock {
  /** The code without the spaces around it. */
  readonly code: string;
  /** Offset after the closing brace. */
  readonly next: number;
}

const LONG_OPEN = /\[(=*)\[/y;

/** @param from offset after the opening brace. */
export function readLuaBlock(text: string, from: number): LuaBlock {
  let depth = 1;
  let at = from;
  while (at < text.length) {
    const char = text[at];
    if (char === '{') depth += 1;
    else if (char === '}') {
      depth -= 1;
      if (depth === 0) return { code: text.slice(from, at).trim(), next: at + 1 };
    } else if (char === '"' || char === "'") {
      at = endOfString(text, at, char);
      continue;
    } else if (char === '-' && text[at + 1] === '-') {
      at = endOfLong(text, at + 2) ?? endOfLine(text, at);
      continue;
    } else if (char === '[') {
      at = endOfLong(text, at) ?? at + 1;
      continue;
    }
    at += 1;
  }
  throw new SyntaxProblem(from, 'a Lua block is not closed');
}

function endOfString(text: string, from: number, quote: string): number {
  let at = from + 1;
  while (at < text.length && text[at] !== quote) {
    if (text[at] === '\n') throw new SyntaxProblem(at, 'a Lua string is not closed');
    at += text[at] === '\\' ? 2 : 1;
  }
  if (at >= text.length) throw new SyntaxProblem(from, 'a Lua string is not closed');
  return at + 1;
}

/** Offset after a long bracket that starts here; null when none does. */
function endOfLong(text: string, from: number): number | null {
  LONG_OPEN.lastIndex = from;
  const open = LONG_OPEN.exec(text);
  if (open === null) return null;
  const close = text.indexOf(`]${open[1]}]`, LONG_OPEN.lastIndex);
  if (close < 0) throw new SyntaxProblem(from, 'a long bracket in Lua is not closed');
  return close + (open[1] ?? '').length + 2;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}
