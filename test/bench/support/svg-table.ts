// A table of measurements as SVG: a section for each case and metric, a row for each subject, a bar for its ratio to
// the peer, or for its value where nothing is compared. Bars of one section have one scale. Pure.
import type { Measurement } from './measurement.ts';

const WIDTH = 860;
const ROW = 24;
const COLUMNS = { subject: 24, value: 330, spread: 345, bar: 480, ratio: 848 } as const;
const BAR = 290;

export function drawTable(title: string, measurements: readonly Measurement[]): string {
  const sections = Map.groupBy(measurements, (one) => `${one.case} · ${one.metric}`);
  const parts = [text(COLUMNS.subject, 34, title, 'title')];
  let y = 56;
  for (const [heading, rows] of sections) {
    y += 12;
    parts.push(text(COLUMNS.subject, y + 12, heading, 'heading'));
    y += ROW;
    const largest = Math.max(...rows.map(barOf));
    for (const row of rows) {
      parts.push(...drawRow(row, y, largest));
      y += ROW;
    }
  }
  const height = y + 16;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escapeText(title)}">
<style>${STYLE}</style>
<rect class="ground" width="${WIDTH}" height="${height}" rx="6"/>
${parts.join('\n')}
</svg>
`;
}

const STYLE = `
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-size: 16px; font-weight: 600 } .heading { font-weight: 600 } .soft { fill: #6e7781 } .end { text-anchor: end }
.ground { fill: #ffffff } .bar { fill: #4a7ebb } .peer { fill: #b6bec8 } .range { stroke: #24292f; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) {
  text { fill: #d6dde4 } .soft { fill: #8b949e } .ground { fill: #0d1117 } .peer { fill: #57606a } .range { stroke: #d6dde4 }
}
`;

function drawRow(row: Measurement, y: number, largest: number): readonly string[] {
  const middle = y + 15;
  const scale = (value: number): number => COLUMNS.bar + (BAR * value) / largest;
  const spread = row.ratio ?? row;
  const shown = [
    text(COLUMNS.subject + 12, middle, row.subject),
    text(COLUMNS.value, middle, `${number(row.median)} ${row.unit}`, 'end'),
    text(COLUMNS.spread, middle, `${number(row.p25)} – ${number(row.p75)}`, 'soft'),
    `<rect class="${isPeer(row) ? 'peer' : 'bar'}" x="${COLUMNS.bar}" y="${y + 4}" width="${fixed(scale(barOf(row)) - COLUMNS.bar)}" height="14" rx="2"/>`,
  ];
  if (row.ratio !== undefined || row.p25 !== row.p75) {
    const [from, to] =
      row.ratio === undefined ? [row.p25 / row.median, row.p75 / row.median] : [spread.p25, spread.p75];
    const unit = row.ratio === undefined ? barOf(row) : 1;
    const ends = [from, to].map((value) => fixed(Math.min(scale(value * unit), COLUMNS.bar + BAR + 20)));
    shown.push(`<line class="range" x1="${ends[0]}" x2="${ends[1]}" y1="${y + 11}" y2="${y + 11}"/>`);
  }
  if (row.ratio !== undefined) shown.push(text(COLUMNS.ratio, middle, `× ${share(row.ratio.median)}`, 'end'));
  return shown;
}

/** Where some rows of a section are compared, the peer itself is 1. */
function barOf(row: Measurement): number {
  return row.ratio?.median ?? 1;
}

function share(ratio: number): string {
  return ratio < 0.1 ? String(Number(ratio.toPrecision(1))) : ratio.toFixed(2);
}

function number(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

function text(x: number, y: number, content: string, style = ''): string {
  return `<text x="${x}" y="${y}"${style === '' ? '' : ` class="${style}"`}>${escapeText(content)}</text>`;
}

function escapeText(content: string): string {
  return content
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function fixed(value: number): string {
  return value.toFixed(1);
}

/** What ours is compared with, the leaner forms of it too. */
function isPeer({ subject }: Measurement): boolean {
  return !/^(ours|compiled|interpreted)/.test(subject);
}
