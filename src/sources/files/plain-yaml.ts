// YAML as manifests are mostly written, read in a twentieth of the time: block mappings and lists, texts on one line,
// small flow collections. Whatever is not surely of this kind is left to the YAML library, every mistake first of all;
// what is read here is what the library would have read (a property test holds the two together).

import { readScalar, UNSURE } from './plain-scalar.ts';

export interface PlainDocument {
  readonly value: unknown;
  /** 0-based. It begins in the first column. */
  readonly line: number;
}

/** @param text one document, perhaps with the marker before it. null: the library must say what it is. */
export function readPlainYaml(text: string): PlainDocument | null {
  if (OUTLANDISH.test(text)) return null;
  const lines = linesOf(text);
  const first = lines[0];
  if (first === undefined || first.indent !== 0) return null;
  const cursor: Cursor = { lines, at: 0 };
  const value = readBlock(cursor, 0);
  return value === UNSURE || cursor.at < lines.length ? null : { value, line: first.number };
}

/** Anything but printable ASCII and common letters: tabs, carriage returns, and all that may stand for a line's end. */
const OUTLANDISH = /[^\n\x20-\x7e\u00a1-\u1fff\u2030-\ud7ff]/;

interface Line {
  /** 0-based. */
  readonly number: number;
  /** Of what is left of it: what stood before counts as indentation, as in `- name: x`. */
  indent: number;
  text: string;
}

interface Cursor {
  readonly lines: readonly Line[];
  at: number;
}

/** Lines that say something, without the marker at the start. */
function linesOf(text: string): readonly Line[] {
  const lines: Line[] = [];
  let number = 0;
  for (let start = 0; start < text.length; number += 1) {
    const found = text.indexOf('\n', start);
    const end = found < 0 ? text.length : found;
    let from = start;
    while (from < end && text.charCodeAt(from) === SPACE) from += 1;
    let to = end;
    while (to > from && text.charCodeAt(to - 1) === SPACE) to -= 1;
    const isMarker = lines.length === 0 && from === start && to - from === 3 && text.startsWith('---', from);
    if (to > from && text.charCodeAt(from) !== HASH && !isMarker) {
      lines.push({ number, indent: from - start, text: text.slice(from, to) });
    }
    start = end + 1;
  }
  return lines;
}

function readBlock(cursor: Cursor, indent: number): unknown {
  const line = cursor.lines[cursor.at];
  if (line === undefined) return UNSURE;
  return isItem(line.text) ? readList(cursor, indent) : readMapping(cursor, indent);
}

function readMapping(cursor: Cursor, indent: number): unknown {
  const mapping: Record<string, unknown> = {};
  for (;;) {
    const line = cursor.lines[cursor.at];
    if (line === undefined || line.indent < indent) return mapping;
    if (line.indent > indent) return UNSURE;
    // A list may stand as far to the left as the key that it belongs to, and then ends where the next key begins.
    if (isItem(line.text)) return UNSURE;
    const colon = keyEnd(line.text);
    const key = line.text.slice(0, colon);
    if (colon < 1 || key === '__proto__' || Object.hasOwn(mapping, key)) return UNSURE;
    const value = readValue(cursor, line, line.text.slice(colon + 1).trimStart(), indent, true);
    if (value === UNSURE) return UNSURE;
    mapping[key] = value;
  }
}

function readList(cursor: Cursor, indent: number): unknown {
  const list: unknown[] = [];
  for (;;) {
    const line = cursor.lines[cursor.at];
    if (line === undefined || line.indent < indent) return list;
    if (line.indent > indent) return UNSURE;
    if (!isItem(line.text)) return list;
    const rest = line.text.slice(1).trimStart();
    const value = startsBlock(rest)
      ? readCompact(cursor, line, rest)
      : readValue(cursor, line, rest, indent, false);
    if (value === UNSURE) return UNSURE;
    list.push(value);
  }
}

/** `- name: x`: the mapping begins behind the hyphen, and goes on below at the same column. */
function readCompact(cursor: Cursor, line: Line, rest: string): unknown {
  line.indent += line.text.length - rest.length;
  line.text = rest;
  return readBlock(cursor, line.indent);
}

/** What stands behind a key or a hyphen, or below it. */
function readValue(cursor: Cursor, line: Line, rest: string, indent: number, ofKey: boolean): unknown {
  cursor.at += 1;
  const next = cursor.lines[cursor.at];
  const below = next === undefined ? -1 : next.indent;
  if (rest === '' || rest.charCodeAt(0) === HASH) {
    // A comment needs a space before it.
    if (rest !== '' && !/[:-] +#/.test(line.text)) return UNSURE;
    const isList = ofKey && below === indent && next !== undefined && isItem(next.text);
    if (below > indent || isList) return readBlock(cursor, below);
    return null;
  }
  // A text that goes on below.
  return below > indent ? UNSURE : readScalar(rest);
}

function isItem(text: string): boolean {
  return text.charCodeAt(0) === HYPHEN && (text.length === 1 || text.charCodeAt(1) === SPACE);
}

function startsBlock(rest: string): boolean {
  return isItem(rest) || keyEnd(rest) > 0;
}

/** Where the colon is behind a key of plain characters; -1: there is no such key. */
function keyEnd(text: string): number {
  KEY.lastIndex = 0;
  return KEY.test(text) ? KEY.lastIndex : -1;
}

const KEY = /[A-Za-z0-9_][A-Za-z0-9_./-]{0,300}(?=:(?: |$))/y;
const SPACE = 0x20;
const HASH = 0x23;
const HYPHEN = 0x2d;
