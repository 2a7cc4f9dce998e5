// The peer: static nginx that does the same job. It is our own rendered file with the Lua taken out and an
// `upstream {}` put in for each backend, so what is compared is the Lua and nothing else: the same servers, limits,
// buffers, maps and headers. The modules of Lua are not even loaded.
import type { BackendBody, HostBody, RouteBody } from '../../../src/model/document.ts';
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
};

/** @param ours rendered with every host compiled. */
export async function startStaticPeer(ours: OurNginx, { job }: PeerOptions): Promise<StaticPeer> {
  const [port = 0, tlsPort = 0] = await freePorts(2);
  const leaf = await makeLeaf(await makeAuthority(), { names: ['default.invalid'] });
  const text = staticText(ours.rendered, job);
  const nginx = await startPlain(
    (prefix) =>
      text
        .replaceAll(ours.prefix, prefix)
        .replaceAll(`127.0.0.1:${ours.port}`, `127.0.0.1:${port}`)
        .replaceAll(`127.0.0.1:${ours.tlsPort}`, `127.0.0.1:${tlsPort}`),
    () => [
      [LAYOUT.defaultCertificate, leaf.cert],
      [LAYOUT.defaultKey, leaf.key],
    ],
  );
  return { ...nginx, port, tlsPort };
}

function staticText({ files, documents }: Rendered, job: PeerOptions['job']): string {
  const rendered = files.texts.get(LAYOUT.config) ?? '';
  const keepalive = /upstream shard_00 \{.*?\}( keepalive [^}]*)\}/.exec(rendered)?.[1] ?? '';
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
    .replace(/^ *upstream shard_.*\n/gm, '')
    .replace(/^ *content_by_lua_block .*\n/gm, '')
    .replace(/rewrite_by_lua_block \{[^}]*\}/g, 'return 404;')
    .replace(/^ *set \$(?:route|shard) "";\n/gm, '')
    .replace(/^ *location @p[^{]*\{[\s\S]*?\n {8}\}\n/gm, '')
    .replace(
      /set \$route "?([^;"]+)"?;([\s\S]*?)proxy_pass http:\/\/shard_\d+;/g,
      (_, key: string, between: string) => `${between.trimStart()}proxy_pass http://${nameOf(key)};`,
    );
  if (job === 'bare') text = bared(text);
  const blocks = [...upstreams].map(([backend, name]) => {
    const { endpoints } = bodies.get(`backend:${backend}`) as BackendBody;
    const servers = endpoints.map(({ address, port }) => `server ${address}:${port};`).join(' ');
    return `    upstream ${name} { ${servers}${keepalive}}\n`;
  });
  const left = /.*(?:_by_lua|shard_|\$route\b).*/.exec(text.replace(/log_format[\s\S]*?;\n/, ''));
  if (left !== null) throw new Error(`the static peer still has ${left[0].trim()}`);
  return `${text.slice(0, text.lastIndexOf('}'))}${blocks.join('')}}\n`;
}

function bared(text: string): string {
  return text
    .replace(/^ *proxy_set_header (?!Host|Connection).*\n/gm, '')
    .replace(/^( *proxy_set_header Host) .*\n/gm, '$1 $host;\n')
    .replace(/^( *proxy_set_header Connection) .*\n/gm, '$1 "";\n');
}

/** Names that the documents know, of hosts that are not wildcards. */
export function hostsOf({ documents }: Rendered): readonly string[] {
  return [...documents.values()]
    .filter(({ kind, body }) => kind === 'host' && body !== null && (body as HostBody).exact !== undefined)
    .map(({ id }) => id)
    .filter((id) => !id.includes('*'));
}
