// Hosts whose paths are regular expressions, as nginx itself would serve them: `location ~* "^…"` and `rewrite … break`
// for the rules of a few Ingresses, put in order and expanded step by step as ingress-nginx does it. Only this file of
// all says so to nginx; our interpreter has to give the same answers.

import type { RouteBody } from '../../../src/model/document.ts';
import type { Rendered } from '../../../src/model/rendered.ts';
import { LAYOUT } from '../../../src/model/runtime.ts';
import { type IngressOptions, ingress, type Manifest } from '../../e2e/support/objects.ts';

type Rule = Required<Pick<IngressOptions, 'path' | 'service'>> & Pick<IngressOptions, 'pathType'>;

type Asking = {
  readonly name: string;
  readonly host: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly rules: readonly Rule[];
};

/** Oldest first. */
const INGRESSES: readonly Asking[] = [
  {
    name: 'patterns',
    host: 'regex.example',
    annotations: { 'use-regex': 'true' },
    rules: [
      { path: '/item/[0-9]+', service: 'a' },
      { path: '/Api/(v[0-9])/', service: 'b' },
      { path: '/a.b', service: 'c' },
      { path: '/(?:docs|dir)/[^/]+$', service: 'd' },
      { path: '/leaf|/hidden', service: 'a' },
    ],
  },
  {
    name: 'texts',
    host: 'regex.example',
    rules: [
      { path: '/item', service: 'c' },
      { path: '/docs', pathType: 'Exact', service: 'a' },
      { path: '/docs', service: 'b' },
      { path: '/only/', service: 'd' },
      { path: '/item/1', pathType: 'Exact', service: 'b' },
    ],
  },
  {
    name: 'groups',
    host: 'rewrite.example',
    annotations: { 'rewrite-target': '/$2' },
    rules: [
      { path: '/api(/|$)(.*)', service: 'a' },
      { path: '/dir/(leaf|only)(/[^/]*)?', service: 'b' },
      { path: '/docs', service: 'c' },
    ],
  },
  {
    name: 'stripped',
    host: 'rewrite.example',
    annotations: { 'rewrite-target': '$1', 'app-root': '/api/docs' },
    rules: [{ path: '/v1(/.*)', service: 'd' }],
  },
  {
    name: 'constant',
    host: 'rewrite.example',
    annotations: { 'rewrite-target': '/fixed/~$1-$10/x' },
    rules: [
      { path: '/a\\.b/((?:under|over)_[a-z]+)', service: 'b' },
      { path: '/', service: 'a' },
    ],
  },
];

const APP_ROOTS: Readonly<Record<string, string>> = { 'rewrite.example': '/api/docs' };

/** For requests that are meant for them. */
export const REGEX_PLACES: readonly (readonly [host: string, path: string])[] = [
  ...[
    '/item',
    '/item/12',
    '/item/1',
    '/itemx',
    '/api/v1/',
    '/axb',
    '/docs/x',
    '/dir/y',
    '/x/hidden',
    '/only/',
  ].map((path) => ['regex.example', path] as const),
  ...[
    '/',
    '/api',
    '/api/x%20y/%25/z',
    '/api/%0a%0dx',
    '/api/q%3Fa%23b',
    '/dir/leaf',
    '/dir/only/%C3%BC',
    '/docs/more',
    '/v1/x%2Fy',
    '/v1/',
    '/a.b/under_score',
    '/A.b/Over_there',
  ].map((path) => ['rewrite.example', path] as const),
];

export function regexManifests(): readonly Manifest[] {
  return INGRESSES.flatMap(({ name, host, annotations, rules }, age) =>
    rules.map((rule, position) =>
      ingress(`${name}-${position}`, {
        ...rule,
        host,
        created: `2026-01-0${age + 1}T00:00:0${9 - position}Z`,
        ...(annotations === undefined ? {} : { annotations }),
      }),
    ),
  );
}

/** Servers for these hosts, as text of the http block. */
export function regexServers(
  rendered: Rendered,
  { prefix, http, https }: { readonly prefix: string; readonly http: number; readonly https: number },
): string {
  return [...new Set(INGRESSES.map(({ host }) => host))]
    .map((host) => {
      const root = APP_ROOTS[host];
      return `server {
  server_name ${host};
  listen 127.0.0.1:${http};
  listen 127.0.0.1:${https} ssl;
  ssl_certificate ${prefix}/${LAYOUT.defaultCertificate};
  ssl_certificate_key ${prefix}/${LAYOUT.defaultKey};
  ssl_certificate_by_lua_block { ingress.certificate() }
  ${root === undefined ? '' : `if ($uri = /) { return 302 $scheme://$best_http_host${root}; }`}
${expanded(sorted(rulesOf(host)))
  .map((rule) => locationText(host, rule, rendered))
  .join('\n')}
  location / { return 404; }
}
`;
    })
    .join('');
}

type Placed = Rule & {
  readonly name: string;
  readonly kind: 'E' | 'P';
  readonly at: string;
  readonly annotations: Asking['annotations'];
};

function rulesOf(host: string): readonly Placed[] {
  return INGRESSES.filter((one) => one.host === host).flatMap(({ name, annotations, rules }) =>
    // Within an Ingress the later ones are the older, see `created`.
    rules
      .map((rule, position) => ({
        ...rule,
        name: `${name}-${position}`,
        kind: rule.pathType === 'Exact' ? ('E' as const) : ('P' as const),
        at: rule.path,
        annotations,
      }))
      .toReversed(),
  );
}

function sorted(rules: readonly Placed[]): readonly Placed[] {
  return rules
    .toSorted((a, b) => (a.path > b.path ? -1 : a.path < b.path ? 1 : 0))
    .toSorted((a, b) => b.path.length - a.path.length);
}

/** A Prefix that asks for nothing is two locations, or one beside an Exact. */
function expanded(rules: readonly Placed[]): readonly Placed[] {
  const exact = new Set(rules.filter(({ kind }) => kind === 'E').map(({ path }) => path));
  return rules.flatMap((rule) => {
    if (rule.path === '/' || rule.kind === 'E' || rule.annotations !== undefined) return [rule];
    const slashed = { ...rule, at: rule.path.endsWith('/') ? rule.path : `${rule.path}/` };
    return exact.has(rule.path) ? [slashed] : [slashed, rule];
  });
}

function locationText(
  host: string,
  { name, kind, path, at, annotations }: Placed,
  { documents }: Rendered,
): string {
  const id = `default/${name}/${host}/${kind}${path}@`;
  const route = [...documents.values()].find((item) => item.kind === 'route' && item.id.startsWith(id));
  if (route === undefined) throw new Error(`there is no route ${id}`);
  const target = annotations?.['rewrite-target'];
  const rewrites = target !== undefined && target !== path;
  return `  location ~* "^${quoted(at)}" {
    set_by_lua_block $route { return [[${route.id}]] }
    ${rewrites ? `rewrite "(?i)${quoted(path)}" ${target} break;` : ''}
    proxy_pass http://${(route.body as RouteBody).shard};
  }`;
}

function quoted(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
}
