// Ingresses that are broken in every way that comes to mind, each by itself: hostile text in every string, and
// mistakes that people make.
import { ingress, type Manifest, tlsSecret, workload } from './objects.ts';

/** Stands in every hostile text, and must never stand in a rendered file. */
export const MARKER = 'h0stile';

export type Broken = {
  readonly name: string;
  readonly objects: readonly Manifest[];
  /** Whom the diagnostic has to name; `Ingress/default/<name>` unless the mistake is in what it refers to. */
  readonly object: string;
  /** Start of the field that it has to name; null: nothing is wrong, only odd. */
  readonly field: string | null;
  /** No host of it is valid and ours: the whole file has to be as without it. (A host with a bad path answers 404.) */
  readonly unservable: boolean;
};

const HOSTILE: readonly string[] = [
  `${MARKER}\nreturn 418;\n`,
  `${MARKER}"; return 418; "`,
  `${MARKER}'; return 418; '`,
  `${MARKER}; } } server { listen 1; } #`,
  `${MARKER} { };`,
  `${MARKER}$host\${uri} `,
  `${MARKER}") os.execute("true") --`,
  `${MARKER}]] .. os.exit() .. [[`,
  `${MARKER}\u0000x`,
  `${MARKER}\\`,
  `${MARKER}\r\nX: y`,
  `${MARKER}{{{raw}}}{{this}}`,
  `${MARKER} %00 %0a`,
  `${MARKER}\u202e\ufeff\ud83d\ude00 \u0085`,
  `${MARKER} `.repeat(650),
];

type Loose = { [key: string]: Loose } & Loose[];

const RULE = 'spec.rules[0]';
const PATH = `${RULE}.http.paths[0]`;

/** Where a text goes, and which field has to be named for it. */
const STRINGS: readonly (readonly [
  field: string,
  unservable: boolean,
  set: (spec: Loose, text: string) => unknown,
])[] = [
  [`${RULE}.host`, true, (o, text) => put(o, ['spec', 'rules', 0, 'host'], text)],
  [`${RULE}.host`, true, (o, text) => put(o, ['spec', 'rules', 0, 'host'], `*.${text}`)],
  [`${RULE}.host`, true, (o, text) => put(o, ['spec', 'rules', 0, 'host'], `${text}.example`)],
  [`${PATH}.path`, false, (o, text) => put(o, ['spec', 'rules', 0, 'http', 'paths', 0, 'path'], `/${text}`)],
  [`${PATH}.path`, false, (o, text) => put(o, ['spec', 'rules', 0, 'http', 'paths', 0, 'path'], text)],
  [`${PATH}.pathType`, true, (o, text) => put(o, ['spec', 'rules', 0, 'http', 'paths', 0, 'pathType'], text)],
  [
    `${PATH}.backend`,
    false,
    (o, text) => put(o, ['spec', 'rules', 0, 'http', 'paths', 0, 'backend', 'service', 'name'], text),
  ],
  [
    `${PATH}.backend`,
    false,
    (o, text) =>
      put(o, ['spec', 'rules', 0, 'http', 'paths', 0, 'backend', 'service', 'port'], { name: text }),
  ],
  [
    'spec.tls[0].secretName',
    false,
    (o, text) => put(o, ['spec', 'tls'], [{ hosts: [o.spec?.rules?.[0]?.host], secretName: text }]),
  ],
  [
    'spec.tls[0].hosts[0]',
    false,
    (o, text) => put(o, ['spec', 'tls'], [{ hosts: [text], secretName: 'good-tls' }]),
  ],
  ['spec.ingressClassName', true, (o, text) => put(o, ['spec', 'ingressClassName'], text)],
  [
    'spec.defaultBackend',
    false,
    (o, text) => {
      put(o, ['spec', 'rules', 0, 'http', 'paths', 0, 'path'], '/only');
      put(o, ['spec', 'defaultBackend'], { service: { name: text, port: { number: 80 } } });
    },
  ],
  ...[
    'proxy-body-size',
    'proxy-read-timeout',
    'proxy-buffering',
    'proxy-next-upstream',
    'ssl-redirect',
    'backend-protocol',
    'load-balance',
    'canary',
    'canary-weight',
    'auth-url',
    'whitelist-source-range',
    'configuration-snippet',
    'server-snippet',
    'rewrite-target',
    'server-alias',
  ].map(
    (name) =>
      [
        `metadata.annotations[`,
        false,
        (o: Loose, text: string) =>
          put(o, ['metadata', 'annotations'], { [`nginx.ingress.kubernetes.io/${name}`]: text }),
      ] as const,
  ),
  [
    'metadata.annotations[',
    false,
    (o, text) => put(o, ['metadata', 'annotations'], { [`nginx.ingress.kubernetes.io/${text}`]: 'x' }),
  ],
];

const MISTAKES: Readonly<
  Record<string, readonly [field: string, unservable: boolean, set: (o: Loose) => unknown]>
> = {
  'service-missing': [
    `${PATH}.backend`,
    false,
    (o) => put(o, ['spec', 'rules', 0, 'http', 'paths', 0, 'backend', 'service', 'name'], 'nowhere'),
  ],
  'port-missing': [
    `${PATH}.backend`,
    false,
    (o) => put(o, ['spec', 'rules', 0, 'http', 'paths', 0, 'backend', 'service', 'port'], { number: 8123 }),
  ],
  'port-name-missing': [
    `${PATH}.backend`,
    false,
    (o) => put(o, ['spec', 'rules', 0, 'http', 'paths', 0, 'backend', 'service', 'port'], { name: 'nope' }),
  ],
  'port-zero': [
    `${PATH}.backend`,
    false,
    (o) => put(o, ['spec', 'rules', 0, 'http', 'paths', 0, 'backend', 'service', 'port'], { number: 0 }),
  ],
  'port-huge': [
    `${PATH}.backend`,
    false,
    (o) => put(o, ['spec', 'rules', 0, 'http', 'paths', 0, 'backend', 'service', 'port'], { number: 1e9 }),
  ],
  'port-text': [
    'spec.rules',
    true,
    (o) => put(o, ['spec', 'rules', 0, 'http', 'paths', 0, 'backend', 'service', 'port'], { number: '80' }),
  ],
  resource: [
    `${PATH}.backend`,
    false,
    (o) =>
      put(o, ['spec', 'rules', 0, 'http', 'paths', 0, 'backend'], {
        resource: { kind: 'Bucket', name: 'x' },
      }),
  ],
  'backend-null': [
    'spec.rules',
    true,
    (o) => put(o, ['spec', 'rules', 0, 'http', 'paths', 0, 'backend'], null),
  ],
  'rules-text': ['spec.rules', true, (o) => put(o, ['spec', 'rules'], 'all of them')],
  'host-number': ['spec.rules', true, (o) => put(o, ['spec', 'rules', 0, 'host'], 5)],
  'host-address': [`${RULE}.host`, true, (o) => put(o, ['spec', 'rules', 0, 'host'], '10.0.0.1')],
  'host-port': [`${RULE}.host`, true, (o) => put(o, ['spec', 'rules', 0, 'host'], 'bad.example:80')],
  'host-dots': [`${RULE}.host`, true, (o) => put(o, ['spec', 'rules', 0, 'host'], 'bad..example')],
  'host-inner-star': [`${RULE}.host`, true, (o) => put(o, ['spec', 'rules', 0, 'host'], 'a.*.example')],
  'host-regex': [`${RULE}.host`, true, (o) => put(o, ['spec', 'rules', 0, 'host'], '~^(.*)$')],
  'host-label-long': [
    `${RULE}.host`,
    true,
    (o) => put(o, ['spec', 'rules', 0, 'host'], `${'a'.repeat(64)}.example`),
  ],
  'host-long': [
    `${RULE}.host`,
    true,
    (o) => put(o, ['spec', 'rules', 0, 'host'], `${'abcdefgh.'.repeat(40)}example`),
  ],
  'path-relative': [
    `${PATH}.path`,
    false,
    (o) => put(o, ['spec', 'rules', 0, 'http', 'paths', 0, 'path'], 'no-slash'),
  ],
  'secret-missing': [
    'spec.tls[0].secretName',
    false,
    (o) => put(o, ['spec', 'tls'], [{ hosts: [o.spec?.rules?.[0]?.host], secretName: 'nowhere' }]),
  ],
  'secret-garbled': [
    'Secret/garbled-tls',
    false,
    (o) => put(o, ['spec', 'tls'], [{ hosts: [o.spec?.rules?.[0]?.host], secretName: 'garbled-tls' }]),
  ],
  'secret-mixed': [
    'Secret/mixed-tls',
    false,
    (o) => put(o, ['spec', 'tls'], [{ hosts: [o.spec?.rules?.[0]?.host], secretName: 'mixed-tls' }]),
  ],
  'annotations-list': ['metadata.annotations', true, (o) => put(o, ['metadata', 'annotations'], ['x'])],
  'canary-alone': [
    `${PATH}.path`,
    true,
    (o) =>
      put(o, ['metadata', 'annotations'], {
        'nginx.ingress.kubernetes.io/canary': 'true',
        'nginx.ingress.kubernetes.io/canary-weight': '10',
      }),
  ],
};

export function brokenIngresses(): readonly Broken[] {
  const hostile = STRINGS.flatMap(([field, unservable, set], i) =>
    HOSTILE.map((text, j) =>
      broken(`bad-${i}-${j}`, isOddPath(field, text) ? null : field, unservable, (object) =>
        set(object, text),
      ),
    ),
  );
  const mistakes = Object.entries(MISTAKES).map(([name, [field, unservable, set]]) =>
    broken(name, field, unservable, set),
  );
  return [...hostile, ...mistakes];
}

/** What the broken ones refer to. */
export function brokenSecrets(
  pair: { readonly cert: string; readonly key: string },
  otherKey: string,
): readonly Manifest[] {
  const garbled = tlsSecret('garbled-tls', { cert: `-----BEGIN CERTIFICATE-----\n${MARKER}\n`, key: MARKER });
  return [garbled, tlsSecret('mixed-tls', { cert: pair.cert, key: otherKey })];
}

export function goodObjects(
  endpoint: string,
  pair: { readonly cert: string; readonly key: string },
): readonly Manifest[] {
  return [
    ...workload('good', [endpoint]),
    tlsSecret('good-tls', pair),
    ingress('good', {
      host: 'good.example',
      service: 'good',
      tls: 'good-tls',
      annotations: { 'ssl-redirect': 'false' },
    }),
  ];
}

/** Printable text behind a slash is a path like any other: it is served as it stands, by the interpreter. */
function isOddPath(field: string, text: string): boolean {
  return field.endsWith('.path') && /^[ -~]{1,1000}$/.test(text);
}

function broken(
  name: string,
  field: string | null,
  unservable: boolean,
  set: (object: Loose) => unknown,
): Broken {
  const object = structuredClone(
    ingress(name, { host: `${name}.example`, service: 'good' }),
  ) as unknown as Loose;
  set(object);
  const [kind, named = ''] = /^Secret\/(.*)$/.exec(field ?? '') ?? [null];
  return {
    name,
    objects: [object as unknown as Manifest],
    object: kind === null ? `Ingress/default/${name}` : `Secret/default/${named}`,
    field: kind === null ? field : '',
    unservable,
  };
}

function put(object: Loose, path: readonly (string | number)[], value: unknown): void {
  let at = object as unknown as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string | number, unknown>;
  at[path.at(-1) ?? ''] = value;
}
