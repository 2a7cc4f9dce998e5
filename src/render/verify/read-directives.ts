// The text of a configuration file as a tree of directives, read independently of what wrote it. No library: those
// that exist misread quotes and Lua (see their treatment of `#` and `}`), or accept what nginx refuses.

import { readLuaBlock } from './lua-block.ts';
import { readWord, SyntaxProblem, skipSpace } from './words.ts';

export interface Directive {
  readonly name: string;
  readonly args: readonly string[];
  /** null for one that ends in `;`. */
  readonly children: readonly Directive[] | null;
  /** Code of a `…_by_lua_block`. */
  readonly lua: string | null;
  /** Offset of its name. */
  readonly offset: number;
}

/** Blocks whose lines are data, not directives. */
const TABLES = new Set(['map', 'geo', 'types', 'split_clients', 'charset_map']);

/** Throws SyntaxProblem. */
export function readDirectives(text: string): readonly Directive[] {
  const { directives, next } = readBlock(text, 0, 0);
  if (next !== text.length) throw new SyntaxProblem(next, 'a "}" closes nothing');
  return directives;
}

function readBlock(
  text: string,
  from: number,
  depth: number,
): { directives: readonly Directive[]; next: number } {
  if (depth > 20) throw new SyntaxProblem(from, 'blocks are nested too deeply');
  const directives: Directive[] = [];
  let at = skipSpace(text, from);
  while (at < text.length && text[at] !== '}') {
    const read = readDirective(text, at, depth);
    directives.push(read.directive);
    at = skipSpace(text, read.next);
  }
  return { directives, next: at };
}

function readDirective(text: string, from: number, depth: number): { directive: Directive; next: number } {
  const words: string[] = [];
  let at = from;
  for (;;) {
    const char = text[at];
    if (char === undefined || char === '}') throw new SyntaxProblem(at, 'a directive has no end');
    if (char === ';' || char === '{') break;
    const word = readWord(text, at);
    words.push(word.value);
    at = skipSpace(text, word.next);
  }
  const [name, ...args] = words;
  if (name === undefined) throw new SyntaxProblem(at, `unexpected "${text[at]}"`);
  if (text[at] === ';')
    return { directive: { name, args, children: null, lua: null, offset: from }, next: at + 1 };
  if (name.endsWith('_by_lua_block')) {
    const block = readLuaBlock(text, at + 1);
    return { directive: { name, args, children: null, lua: block.code, offset: from }, next: block.next };
  }
  const block = readBlock(text, at + 1, depth + 1);
  if (text[block.next] !== '}') throw new SyntaxProblem(from, `the block of "${name}" is not closed`);
  const children = TABLES.has(name) ? [] : block.directives;
  return { directive: { name, args, children, lua: null, offset: from }, next: block.next + 1 };
}
