// Whose text stands at a line of the rendered file.

import type { RenderedFiles, SourceLines } from '../model/rendered.ts';

/** null: no line was named, or one that belongs to no host. */
export function lineOwner(files: RenderedFiles, line: number | null): SourceLines | null {
  if (line === null) return null;
  return files.lines.find(({ first, last }) => first <= line && line <= last) ?? null;
}
