// A profile as the directives of a location that passes requests on: what pass.hbs is given.

import type { Runtime } from '../../model/runtime.ts';
import { LAYOUT } from '../../model/runtime.ts';
import type { Profile, Settings } from '../../model/settings.ts';
import type { AuthorityId, Upstream } from '../../model/upstream.ts';
import { fastCgiParams, type ParamView } from '../fastcgi-params.ts';
import { below } from './main.ts';
import { type ProfileView, profileView } from './profile.ts';

export interface PassView extends ProfileView {
  /** One of the first three is true. */
  readonly proxied: boolean;
  readonly grpc: boolean;
  readonly fastcgi: boolean;
  /** The scheme is the client's. */
  readonly auto: boolean;
  /** The upstream block, where it is known; else `$shard` names it, and nginx has to look for it. */
  readonly hasBlock: boolean;
  readonly block: string;
  /** `http`, `https`, `grpc`, `grpcs`; of the other protocols not used. */
  readonly scheme: string;
  /** Of the directives that every protocol has under its own name. */
  readonly prefix: 'proxy' | 'grpc' | 'fastcgi';
  readonly http10: boolean;
  readonly hasTls: boolean;
  readonly tls: TlsView | null;
  /** nginx writes keys that variables hold into a log of level debug. */
  readonly quiet: boolean;
  readonly errorLog: string;
  readonly index: string;
  readonly hasIndex: boolean;
  readonly params: readonly ParamView[];
}

interface TlsView {
  readonly prefix: 'proxy' | 'grpc';
  readonly hasName: boolean;
  readonly name: string;
  readonly serverName: boolean;
  readonly verify: boolean;
  readonly authority: string;
  readonly verifyDepth: number;
  /** We show a certificate: the balancer puts it into variables. */
  readonly identity: boolean;
  readonly protocols: readonly string[];
  readonly ciphers: string;
}

export function passView(
  profile: Profile,
  settings: Settings,
  runtime: Runtime,
  block: string | null = null,
): PassView {
  const { upstream } = profile;
  const protocol = upstream?.protocol ?? 'HTTP';
  const prefix = protocol === 'FCGI' ? 'fastcgi' : protocol.startsWith('GRPC') ? 'grpc' : 'proxy';
  const view = profileView(profile);
  const tls = upstream?.tls ? tlsView(upstream.tls, prefix === 'grpc' ? 'grpc' : 'proxy', runtime) : null;
  const { index = null, params = [] } = upstream?.fastcgi ?? {};
  return {
    ...view,
    nextUpstream: prefix === 'fastcgi' ? fastCgiConditions(profile) : view.nextUpstream,
    proxied: prefix === 'proxy',
    grpc: prefix === 'grpc',
    fastcgi: prefix === 'fastcgi',
    auto: protocol === 'AUTO_HTTP',
    scheme: protocol.toLowerCase(),
    hasBlock: block !== null,
    block: block ?? '',
    prefix,
    http10: profile.httpVersion === '1.0',
    hasTls: tls !== null,
    tls,
    quiet: settings.errorLogLevel === 'debug' && (tls?.identity ?? false),
    errorLog: below(runtime, LAYOUT.errorLog),
    index: index ?? '',
    hasIndex: index !== null,
    params:
      prefix === 'fastcgi'
        ? fastCgiParams(params, settings.useForwardedHeaders && settings.computeFullForwardedFor)
        : [],
  };
}

/** Of a route, as `proxy_pass` and its like take it. */
export function passTarget({ upstream }: Profile, block: string): string {
  if (upstream?.protocol === 'FCGI') return block;
  if (upstream?.protocol === 'AUTO_HTTP') return `$scheme://\${scheme}_${block}`;
  return `${(upstream?.protocol ?? 'HTTP').toLowerCase()}://${block}`;
}

/** Path below the prefix. The name is a digest of the content, so a file is never written twice. */
export function authorityFile(id: AuthorityId): string {
  return `${LAYOUT.authorities}/${id}.pem`;
}

function tlsView(tls: NonNullable<Upstream['tls']>, prefix: TlsView['prefix'], runtime: Runtime): TlsView {
  return {
    prefix,
    hasName: tls.name !== null,
    name: tls.name ?? '',
    serverName: tls.serverName,
    verify: tls.authority !== null,
    authority: tls.authority === null ? '' : below(runtime, authorityFile(tls.authority)),
    verifyDepth: tls.verifyDepth,
    identity: tls.identity !== null,
    protocols: tls.protocols,
    ciphers: tls.ciphers,
  };
}

/** FastCGI's directive lacks two of the words. */
function fastCgiConditions({ nextUpstream }: Profile): Profile['nextUpstream'] {
  const known = nextUpstream.filter((word) => word !== 'http_502' && word !== 'http_504');
  return known.length === 0 ? ['off'] : known;
}
