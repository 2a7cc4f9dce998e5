// Manifests as they are mostly written, read by a library that keeps no positions and is ten times as fast. Where it
// and the one that does could differ (anchors, tags, merges, tabs, keys that are no text), and wherever it finds a
// mistake, the text is left to the other, whose errors have a line and a column.

import { CORE_SCHEMA, load } from 'js-yaml';

export interface PlainDocument {
  readonly value: unknown;
  /** 0-based. It begins in the first column. */
  readonly line: number;
}

/** @param text one document, perhaps with the marker before it. null: the library must say what it is. */
export function readPlainYaml(text: string): PlainDocument | null {
  if (OUTLANDISH.test(text) || SPECIAL.test(text)) return null;
  const line = firstLine(text);
  if (line === null) return null;
  try {
    const value: unknown = load(text, { schema: CORE_SCHEMA });
    return hasTextKeys(value) ? { value, line } : null;
  } catch {
    return null;
  }
}

/** Anything but printable ASCII and common letters: tabs, carriage returns, and all that may stand for a line's end. */
const OUTLANDISH = /[^\n\x20-\x7e\u00a1-\u1fff\u2030-\ud7ff]/;
/** Anchors, aliases, tags, merges, directives, keys with a mark of their own and ends of documents. */
const SPECIAL = /(^|[\s[{,])([&*!%?]|<<)|^\.\.\./m;

/** Keys that may have been a number or a word of YAML's lost how they were written: `080`, `~`. */
function hasTextKeys(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(hasTextKeys);
  return Object.entries(value).every(([key, held]) => !NO_TEXT.test(key) && hasTextKeys(held));
}

const NO_TEXT = /^(null|true|false|NaN|-?Infinity|[-+]?[.\d].*|)$/;

/** Number of the line that the content begins in, when that is in the first column and not behind the marker. */
function firstLine(text: string): number | null {
  let number = 0;
  for (const line of text.split('\n', 50)) {
    if (line !== '' && !line.startsWith('#') && !/^---\s*$/.test(line))
      return /^[\s]/.test(line) || line.startsWith('---') ? null : number;
    number += 1;
  }
  return null;
}
