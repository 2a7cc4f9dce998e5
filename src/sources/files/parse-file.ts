// One file → its objects and what is wrong with it. Documents whose text did not change are not parsed again, and
// keep their objects; long files are parsed in turns, so that nothing else has to wait for them.

import { setImmediate } from 'node:timers/promises';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { KubernetesObject } from '../../model/kubernetes.ts';
import type { ScannedFile } from '../watch/scan-folders.ts';
import type { Item, Position } from './parse-document.ts';
import { parseDocument } from './parse-document.ts';
import { splitDocuments } from './split-documents.ts';

export interface ParsedFile {
  readonly scanned: ScannedFile;
  readonly objects: ReadonlyMap<string, KubernetesObject>;
  /** Places of the objects, as `line:column`, for messages. */
  readonly places: ReadonlyMap<string, string>;
  /** Objects that are in the file and malformed. */
  readonly refused: ReadonlySet<string>;
  /** Last good objects that the file may still hold where it cannot be read. */
  readonly kept: ReadonlyMap<string, KubernetesObject>;
  readonly diagnostics: readonly Diagnostic[];
  /** Text of a document → what it held. */
  readonly documents: ReadonlyMap<string, readonly Item[]>;
}

/** @param before the same file as it was parsed last; its objects are kept where the new text cannot be read. */
export async function parseFile(scanned: ScannedFile, before: ParsedFile | null): Promise<ParsedFile> {
  const object = `File/${scanned.name}`;
  const objects = new Map<string, KubernetesObject>();
  const places = new Map<string, string>();
  const refused = new Set<string>();
  const documents = new Map<string, readonly Item[]>();
  const diagnostics: Diagnostic[] = [];
  let broken = false;
  let turn = performance.now();

  for (const { text, line } of splitDocuments(scanned.text ?? '')) {
    if (performance.now() - turn > LONGEST_TURN) {
      await setImmediate();
      turn = performance.now();
    }
    const items = before?.documents.get(text) ?? documents.get(text) ?? parseDocument(text, isJson(scanned));
    documents.set(text, items);
    for (const item of items) take(item, line);
  }
  const kept =
    broken && before !== null ? without(before, objects, refused) : new Map<string, KubernetesObject>();
  if (kept.size > 0) diagnostics.push(keptDiagnostic(object, kept));
  if (scanned.problem !== null) diagnostics.push(unreadable(object, scanned));
  // What is leaving counts only where no other file has it by now.
  if (scanned.leaving) {
    return {
      scanned,
      objects: NONE,
      places,
      refused,
      kept: new Map([...kept, ...objects]),
      diagnostics,
      documents,
    };
  }
  return { scanned, objects, places, refused, kept, diagnostics, documents };

  function take(item: Item, line: number): void {
    switch (item.kind) {
      case 'object': {
        const first = places.get(item.reference);
        if (first !== undefined) {
          diagnostics.push(repeated(object, place(item.at, line), item.reference, first));
          return;
        }
        objects.set(item.reference, item.object);
        places.set(item.reference, place(item.at, line));
        return;
      }
      case 'refused':
        refused.add(item.reference);
        diagnostics.push(...item.diagnostics);
        return;
      case 'remark':
        broken ||= item.broken;
        diagnostics.push({ ...item.remark, object, field: place(item.at, line) });
        return;
    }
  }
}

const LONGEST_TURN = 20;
const NONE: ReadonlyMap<string, KubernetesObject> = new Map();

function isJson(scanned: ScannedFile): boolean {
  return scanned.name.endsWith('.json');
}

function place(at: Position, line: number): string {
  return `${at.line + line + 1}:${at.column}`;
}

function without(
  before: ParsedFile,
  objects: ReadonlyMap<string, KubernetesObject>,
  refused: ReadonlySet<string>,
): ReadonlyMap<string, KubernetesObject> {
  const all = [...before.kept, ...before.objects];
  return new Map(all.filter(([reference]) => !objects.has(reference) && !refused.has(reference)));
}

function keptDiagnostic(object: string, kept: ReadonlyMap<string, KubernetesObject>): Diagnostic {
  const names = [...kept.keys()].sort();
  const more = names.length > 5 ? ` and ${names.length - 5} more` : '';
  return {
    code: 'file-kept',
    severity: 'warning',
    object,
    field: '',
    message: `the file does not parse; what it last held stays in force: ${names.slice(0, 5).join(', ')}${more}`,
    hint: 'Correct the file. To remove these objects, remove them from a file that parses.',
  };
}

function unreadable(object: string, scanned: ScannedFile): Diagnostic {
  const outcome = scanned.text === null ? 'nothing of it is used' : 'what it last held stays in force';
  return {
    code: 'file-unreadable',
    severity: 'error',
    object,
    field: '',
    message: `the file cannot be read: ${scanned.problem ?? ''}; ${outcome}`,
    hint: 'Make it a regular UTF-8 file that the controller may read, or remove it.',
  };
}

function repeated(object: string, field: string, reference: string, first: string): Diagnostic {
  return {
    code: 'object-repeated',
    severity: 'warning',
    object,
    field,
    message: `${reference} stands in this file at ${first} already; that one is used`,
    hint: 'Remove one of the two.',
  };
}
