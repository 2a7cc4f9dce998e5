// Where each host stands in a file: found from the finished text, so that the file itself needs no marks.

import type { SourceLines } from '../model/rendered.ts';

export interface HostText {
  readonly host: string;
  readonly objects: readonly string[];
  readonly text: string;
}

/** @param hosts in the order in which they stand in the file. */
export function sourceLines(path: string, file: string, hosts: readonly HostText[]): readonly SourceLines[] {
  const lines: SourceLines[] = [];
  let from = 0;
  let line = 1;
  for (const { host, objects, text } of hosts) {
    const start = file.indexOf(text, from);
    if (start < 0) continue;
    line += newlines(file, from, start);
    const end = start + text.trimEnd().length;
    const first = line;
    line += newlines(file, start, end);
    lines.push({ path, first, last: line, host, objects });
    from = end;
  }
  return lines;
}

function newlines(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}
