// A YAML stream cut at its `---` lines, so that an edit of one document costs one document. Such a line is a marker
// wherever it stands (YAML forbids it in scalars), so cutting needs no parser.

export interface DocumentText {
  readonly text: string;
  /** 0-based line on which it begins. */
  readonly line: number;
}

export function splitDocuments(text: string): readonly DocumentText[] {
  // Directives and explicit ends belong to the space between documents: let the parser see it all.
  if (/^(?:%|\.\.\.(?:\s|$))/m.test(text)) return [{ text, line: 0 }];
  const documents: DocumentText[] = [];
  let start = 0;
  let line = 0;
  for (const marker of text.matchAll(/^---(?=\s|$)/gm)) {
    take(marker.index);
    start = marker.index;
  }
  take(text.length);
  return documents;

  function take(end: number): void {
    const piece = text.slice(start, end);
    if (/\S/.test(piece)) documents.push({ text: piece, line });
    line += countLines(piece);
  }
}

function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}
