// The reference pages, made from the declarations: what is declared is what is documented. Pure; a test keeps the
// files below docs/reference equal to this.

import type { UnsupportedAnnotation } from './annotations/declaration.ts';
import { UNSUPPORTED_ANNOTATIONS } from './annotations/unsupported.ts';
import { CONFIG_KEYS } from './configmap/parse.ts';
import { UNSUPPORTED_KEYS } from './configmap/unsupported.ts';
import { FLAG_GROUPS, FLAGS } from './flags.ts';
import { SUPPORTED_ANNOTATIONS } from './registry.ts';

/** File name below docs/reference → its text. */
export function referencePages(): ReadonlyMap<string, string> {
  return new Map([
    ['flags.md', flagsPage()],
    ['annotations.md', annotationsPage()],
    ['configmap.md', configMapPage()],
  ]);
}

function flagsPage(): string {
  const lines = [
    '# Flags',
    '',
    GENERATED,
    '',
    'Switches (without a value) are off unless their default says otherwise, and take `=true` or `=false` too.',
  ];
  for (const [heading, keys] of Object.entries(FLAG_GROUPS)) {
    lines.push('', `## ${heading}`, '', '| Flag | Default | Commands | |', '|---|---|---|---|');
    for (const key of keys) {
      const { name, short, value, shownDefault, help, commands } = FLAGS[key];
      const flag = [short, name].filter((text) => text !== undefined).join(', ');
      const shown =
        shownDefault === '' || (value === null && shownDefault === 'false') ? '' : code(shownDefault);
      lines.push(row(code(value === null ? flag : `${flag} ${value}`), shown, commands.join(', '), help));
    }
  }
  return page(lines);
}

function annotationsPage(): string {
  const lines = [
    '# Annotations',
    '',
    GENERATED,
    '',
    'Names stand behind `nginx.ingress.kubernetes.io/` (or what `--annotations-prefix` says).',
    '',
    '| Annotation | |',
    '|---|---|',
    ...Object.values(SUPPORTED_ANNOTATIONS).map(({ name, aliases, doc }) =>
      row([name, ...aliases].map(code).join(', '), doc),
    ),
  ];
  for (const [kind, heading, text] of WITHOUT_EFFECT) {
    const names = UNSUPPORTED_ANNOTATIONS.filter((annotation) => annotation.kind === kind).map(({ name }) =>
      code(name),
    );
    lines.push('', `## ${heading}`, '', text, '', `${names.sort().join(', ')}.`);
  }
  return page(lines);
}

const WITHOUT_EFFECT: readonly (readonly [UnsupportedAnnotation['kind'], string, string])[] = [
  [
    'gate',
    'Not supported yet: the Ingress is not served',
    'These restrict who or what gets through. An Ingress that asks for one answers 503, with a diagnostic: a gate that somebody asked for is never skipped.',
  ],
  [
    'serve',
    'Not supported yet: served as if absent',
    'A diagnostic says so wherever one is used with a value that asks for something.',
  ],
  [
    'snippet',
    'Never applied',
    'Raw configuration is not taken from objects. As it may hold a gate, an Ingress with one that is not empty answers 503.',
  ],
];

function configMapPage(): string {
  const ignored = [...UNSUPPORTED_KEYS.values()]
    .filter(({ kind }) => kind === 'ignored')
    .map(({ name }) => code(name));
  const gates = [...UNSUPPORTED_KEYS.values()]
    .filter(({ kind }) => kind === 'gate')
    .map(({ name }) => code(name));
  return page([
    '# ConfigMap',
    '',
    GENERATED,
    '',
    'Keys of the ConfigMap that `--configmap` names. Defaults are in bytes and seconds here, whatever units a value may have.',
    '',
    '| Key | Default | |',
    '|---|---|---|',
    ...Object.values(CONFIG_KEYS).map(({ name, initial, doc }) => row(code(name), showValue(initial), doc)),
    '',
    '## Not supported yet: nothing is served while one is set',
    '',
    'They restrict who or what gets through, on every host.',
    '',
    `${gates.sort().join(', ')}.`,
    '',
    '## Not supported yet: no effect',
    '',
    'A diagnostic says so wherever one is used with a value that asks for something.',
    '',
    `${ignored.sort().join(', ')}.`,
  ]);
}

const GENERATED =
  '<!-- Made from the declarations in src/options; UPDATE_DOCS=1 npm test -- test/unit/options rewrites it. -->';

function showValue(value: unknown): string {
  if (value === null || value === '') return '';
  if (Array.isArray(value)) return value.length === 0 ? '' : code(value.join(' '));
  if (typeof value === 'object') return code(Object.values(value).join(' '));
  return code(JSON.stringify(value).replaceAll('"', ''));
}

function code(text: string): string {
  return `\`${text}\``;
}

function row(...cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function page(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}
