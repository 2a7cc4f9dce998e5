// The text of one document → what it holds: objects, refused objects, and what is wrong with the text itself.

import type { Document } from 'yaml';
import { LineCounter, parseAllDocuments } from 'yaml';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { KubernetesObject } from '../../model/kubernetes.ts';
import { expandList } from '../project/expand-list.ts';
import { projectObject } from '../project/project-object.ts';
import { readPlainYaml } from './plain-yaml.ts';
import { syntaxRemark } from './syntax-remark.ts';

export type Item =
  | {
      readonly kind: 'object';
      readonly reference: string;
      readonly object: KubernetesObject;
      readonly at: Position;
    }
  | { readonly kind: 'refused'; readonly reference: string; readonly diagnostics: readonly Diagnostic[] }
  /** Something that cannot be named. `broken`: objects may be hidden in it. */
  | { readonly kind: 'remark'; readonly broken: boolean; readonly at: Position; readonly remark: Remark };

export type Remark = Pick<Diagnostic, 'code' | 'severity' | 'message' | 'hint'>;

/** 0-based line within the text that was given, 1-based column. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Characters. etcd refuses requests above 1.5 MiB, so no real object is larger. */
export const LARGEST_OBJECT = 1.5 * 1024 * 1024;

export function parseDocument(text: string, isJson: boolean): readonly Item[] {
  try {
    if (text.length > LARGEST_OBJECT && !LIST.test(text)) return [remark(TOP, true, TOO_LARGE)];
    if (isJson) {
      const json = parseJson(text);
      if (json !== undefined) return itemsOf(json.value, TOP, text.length);
    }
    const plain = readPlainYaml(text);
    if (plain !== null) return itemsOf(plain.value, { line: plain.line, column: 1 }, text.length);
    return parseYaml(text);
  } catch {
    // Nesting without end overflows the parser's stack; whatever it throws is about this text alone.
    return [remark(TOP, true, syntaxRemark('IMPOSSIBLE'))];
  }
}

function parseYaml(text: string): readonly Item[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, {
    lineCounter: lines,
    prettyErrors: false,
    merge: true,
    stringKeys: true,
    logLevel: 'silent',
  });
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document: Document.Parsed): readonly Item[] => {
    const start = position(document.contents?.range?.[0] ?? document.range[0]);
    const errors = document.errors.slice(0, MOST_ERRORS).map((error) => {
      return remark(position(error.pos[0]), true, syntaxRemark(error.code));
    });
    if (errors.length > 0) return errors;
    const warnings = document.warnings.slice(0, MOST_ERRORS).map((warning) => {
      return remark(position(warning.pos[0]), false, { ...syntaxRemark(warning.code), severity: 'warning' });
    });
    try {
      const value: unknown = document.toJS({ maxAliasCount: MOST_ALIASES });
      return [...warnings, ...itemsOf(value, start, text.length)];
    } catch {
      return [remark(start, true, syntaxRemark('BAD_ALIAS'))];
    }
  });

  function position(offset: number): Position {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(0, line - 1), column: Math.max(1, col) };
  }
}

function itemsOf(value: unknown, at: Position, size: number): readonly Item[] {
  if (value === null || value === undefined) return [];
  return expandList(value).flatMap((raw): readonly Item[] => {
    if (size > LARGEST_OBJECT && JSON.stringify(raw).length > LARGEST_OBJECT)
      return [remark(at, true, TOO_LARGE)];
    const projected = projectObject(raw);
    if ('ignored' in projected) return [];
    const { reference } = projected;
    if ('object' in projected) return [{ kind: 'object', ...projected, at }];
    if (reference !== null) return [{ kind: 'refused', reference, diagnostics: projected.diagnostics }];
    return projected.diagnostics.map((diagnostic) => remark(at, true, diagnostic));
  });
}

function parseJson(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    // The YAML parser says where.
    return undefined;
  }
}

const TOP: Position = { line: 0, column: 1 };
const LIST = /\bkind["']?\s*:\s*["']?[A-Za-z]*List\b/;
const MOST_ERRORS = 10;
const MOST_ALIASES = 100;

const TOO_LARGE: Remark = {
  code: 'object-too-large',
  severity: 'error',
  message: 'an object is larger than 1.5 MiB; it is not used',
  hint: 'Split the object; no API server would take it.',
};

function remark(at: Position, broken: boolean, { code, severity, message, hint }: Remark): Item {
  return { kind: 'remark', broken, at, remark: { code, severity, message, hint } };
}
