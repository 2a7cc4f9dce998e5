// The peer: static nginx that does the same job. It is our own rendered file with the Lua taken out and an
// `upstream {}` put in for each backend, so what is compared is the Lua and nothing else: the same servers, limits,
// buffers, maps and headers. The modules of Lua are not even loaded.
import type { BackendBody, CertificateBody, HostBody, RouteBody } from '../../../src/model/document.ts';
import type { Rendered } from '../../../src/model/rendered.ts';
import { LAYOUT } from '../../../src/model/runtime.ts';
import { makeAuthority, makeLeaf } from '../../support/certs.ts';
import { freePorts } from '../../support/ports.ts';
import type { OurNginx } from './our-nginx.ts';
import { type RunningNginx, startPlain } from './plain-nginx.ts';

export type StaticPeer = RunningNginx & { readonly port: number; readonly tlsPort: number };

export type PeerOptions = {
  /** `same`: all that our file does. `bare`: a proxy_pass and what keeps upstream connections, no more. */
  readonly job: 'same' | 'bare';
  /** What a policy of ours comes to in nginx's language, for each location. */
  readonly inLocations?: string;
};

/** @param ours rendered with every host compiled. */
export async function startStaticPeer(
  ours: OurNginx,
  { job, inLocations = '' }: PeerOptions,
): Promise<StaticPeer> {
  const [port = 0, tlsPort = 0] = await freePorts(2);
  const leaf = await makeLeaf(await makeAuthority(), { names: ['default.invalid'] });
  const own = withCertificates(staticText(ours.rendered, job, inLocations), ours);
  const { text } = own;
  const nginx = await startPlain(
    (prefix) =>
      text
        .replaceAll(ours.prefix, prefix)
        .replaceAll(`127.0.0.1:${ours.port}`, `127.0.0.1:${port}`)
        .replaceAll(`127.0.0.1:${ours.tlsPort}`, `127.0.0.1:${tlsPort}`),
    () => [[LAYOUT.defaultCertificate, leaf.cert], [LAYOUT.defaultKey, leaf.key], ...own.files],
  );
  return { ...nginx, port, tlsPort };
}

function staticText({ files, documents }: Rendered, job: PeerOptions['job'], inLocations: string): string {
  const rendered = files.texts.get(LAYOUT.config) ?? '';
  const keepalive = /upstream 00_shard \{.*?\}( keepalive [^}]*)\}/.exec(rendered)?.[1] ?? '';
  const bodies = new Map([...documents].map(([key, { body }]) => [key as string, body]));
  const upstreams = new Map<string, string>();
  const nameOf = (key: string): string => {
    const { backend } = bodies.get(`route:${key}`) as RouteBody;
    const known = upstreams.get(backend);
    if (known !== undefined) return known;
    upstreams.set(backend, `up_${upstreams.size}`);
    return `up_${upstreams.size - 1}`;
  };
  let text = rendered
    .replace(/^load_module .*\n/gm, '')
    .replace(/^ *lua_[a-z_]+ .*;\n/gm, '')
    .replace(/^ *init_by_lua_block \{[\s\S]*?\n {4}\}\n/m, '')
    .replace(/^ *init_worker_by_lua_block .*\n/m, '')
    .replace(/^ *ssl_certificate_by_lua_block .*\n/gm, '')
    .replace(/^ *upstream \S+ \{.*balancer_by_lua_block .*\n/gm, '')
    .replace(/^ *content_by_lua_block .*\n/gm, '')
    .replace(/set_by_lua_block[\s\S]*?\n {8}\}\n/, 'return 404;\n        }\n')
    .replace(/^ {8}set \$.*;\n/gm, '')
    .replace(/^ *(?:set \$measured|log_by_lua_block) .*\n/gm, '')
    .replace(/^ *location @p[^{]*\{[\s\S]*?\n {8}\}\n/gm, '')
    .replace(
      /set \$route "?([^;"]+)"?;([\s\S]*?)proxy_pass http:\/\/[\da-f]{2}_shard_*;/g,
      (_, key: string, between: string) =>
        `${between.trimStart()}${inLocations}proxy_pass http://${nameOf(key)};`,
    );
  if (job === 'bare') text = bared(text);
  const blocks = [...upstreams].map(([backend, name]) => {
    const { algorithm, endpoints, hashBy } = bodies.get(`backend:${backend}`) as BackendBody;
    const servers = endpoints.map(({ address, port }) => `server ${address}:${port};`).join(' ');
    return `    upstream ${name} { ${balancing(algorithm, hashBy)}${servers}${keepalive}}\n`;
  });
  const left = /.*(?:_by_lua|_shard|\$route\b).*/.exec(text.replace(/log_format[\s\S]*?;\n/, ''));
  if (left !== null) throw new Error(`the static peer still has ${left[0].trim()}`);
  return `${text.slice(0, text.lastIndexOf('}'))}${blocks.join('')}}\n`;
}

/** What nginx itself has that comes nearest. */
function balancing(algorithm: string, hashBy: BackendBody['hashBy']): string {
  if (algorithm === 'chash') return `hash ${hashBy?.join('')} consistent; `;
  if (algorithm === 'least_conn') return 'least_conn; ';
  if (algorithm === 'ewma') return 'random two least_conn; ';
  if (algorithm === 'round_robin') return '';
  throw new Error(`static nginx has nothing like ${algorithm}`);
}

/** What Lua shows of documents nginx shows of files: one pair for each host that has a certificate. */
function withCertificates(
  text: string,
  { rendered: { documents }, prefix }: OurNginx,
): { readonly text: string; readonly files: readonly (readonly [string, string])[] } {
  const files: (readonly [string, string])[] = [];
  const bodies = new Map([...documents].map(([key, { body }]) => [key as string, body]));
  const servers = text.split(SERVER).map((server, index) => {
    const host = /server_name (\S+);/.exec(server)?.[1] ?? '';
    const { certificate } = (bodies.get(`host:${host}`) ?? {}) as HostBody;
    if (certificate === undefined) return server;
    const { chain, key } = bodies.get(`certificate:${certificate}`) as CertificateBody;
    const path = `state/tls/${index}`;
    files.push([`${path}.crt`, chain], [`${path}.key`, key]);
    return server
      .replace(/ssl_certificate \S+;/, `ssl_certificate ${prefix}/${path}.crt;`)
      .replace(/ssl_certificate_key \S+;/, `ssl_certificate_key ${prefix}/${path}.key;`);
  });
  return { text: servers.join(SERVER), files };
}

const SERVER = '\n    server {\n';

function bared(text: string): string {
  return text
    .replace(/^ *proxy_set_header (?!Host|Connection).*\n/gm, '')
    .replace(/^( *proxy_set_header Host) .*\n/gm, '$1 $host;\n')
    .replace(/^( *proxy_set_header Connection) .*\n/gm, '$1 "";\n');
}
