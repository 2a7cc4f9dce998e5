// Text that would do harm if it ever became configuration, Lua or a template, and the strings that it goes into.
import { type Loose, PATH, put, RULE } from './edit.ts';

/** Stands in every hostile text, and must never stand in a rendered file. */
export const MARKER = 'h0stile';

export const HOSTILE: readonly string[] = [
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

/** Where a text goes, and which field has to be named for it. */
export const STRINGS: readonly (readonly [
  field: string,
  unservable: boolean,
  set: (spec: Loose, text: string) => unknown,
])[] = [
  [`${RULE}.host`, true, (o, text) => put(o, 'spec.rules.0.host', text)],
  [`${RULE}.host`, true, (o, text) => put(o, 'spec.rules.0.host', `*.${text}`)],
  [`${RULE}.host`, true, (o, text) => put(o, 'spec.rules.0.host', `${text}.example`)],
  [`${PATH}.path`, false, (o, text) => put(o, 'spec.rules.0.http.paths.0.path', `/${text}`)],
  [`${PATH}.path`, false, (o, text) => put(o, 'spec.rules.0.http.paths.0.path', text)],
  [`${PATH}.pathType`, true, (o, text) => put(o, 'spec.rules.0.http.paths.0.pathType', text)],
  [`${PATH}.backend`, false, (o, text) => put(o, 'spec.rules.0.http.paths.0.backend.service.name', text)],
  [
    `${PATH}.backend`,
    false,
    (o, text) => put(o, 'spec.rules.0.http.paths.0.backend.service.port', { name: text }),
  ],
  [
    'spec.tls[0].secretName',
    false,
    (o, text) => put(o, 'spec.tls', [{ hosts: [o.spec?.rules?.[0]?.host], secretName: text }]),
  ],
  [
    'spec.tls[0].hosts[0]',
    false,
    (o, text) => put(o, 'spec.tls', [{ hosts: [text], secretName: 'good-tls' }]),
  ],
  ['spec.ingressClassName', true, (o, text) => put(o, 'spec.ingressClassName', text)],
  [
    'spec.defaultBackend',
    false,
    (o, text) => {
      put(o, 'spec.rules.0.http.paths.0.path', '/only');
      put(o, 'spec.defaultBackend', { service: { name: text, port: { number: 80 } } });
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
          put(o, 'metadata.annotations', { [`nginx.ingress.kubernetes.io/${name}`]: text }),
      ] as const,
  ),
  [
    'metadata.annotations[',
    false,
    (o, text) => put(o, 'metadata.annotations', { [`nginx.ingress.kubernetes.io/${text}`]: 'x' }),
  ],
];
