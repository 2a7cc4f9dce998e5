// What http.hbs, names.hbs, default-server.hbs, upstreams.hbs and internal.hbs are given.

import { LAYOUT, type Runtime } from '../../model/runtime.ts';
import type { Settings } from '../../model/settings.ts';
import type { RenderedText } from '../helpers/rendered-text.ts';
import { standardProfile } from '../profile.ts';
import { SHARDS, shardName } from '../shard.ts';
import { standingBlocks, type UpstreamBlock } from '../upstream-block.ts';
import { listenView } from './listen.ts';
import { below } from './main.ts';
import { passView } from './pass.ts';
import { profileView } from './profile.ts';

export function httpView(settings: Settings, runtime: Runtime): object {
  const hsts = settings.hsts ?? { maxAge: 0, includeSubdomains: false, preload: false };
  return {
    ...settings,
    largeHeaderBuffers: settings.largeClientHeaderBuffers,
    http2Directive: runtime.http2Directive,
    hsts: { ...hsts, enabled: settings.hsts !== null },
    keepsUpstreams: settings.upstreamKeepaliveConnections > 0,
    fullForwardedFor: settings.useForwardedHeaders && settings.computeFullForwardedFor,
    profile: profileView(settings.defaults.profile),
    temp: Object.fromEntries(
      Object.entries(TEMP_FOLDERS).map(([name, folder]) => [
        name,
        below(runtime, `${LAYOUT.temp}/${folder}`),
      ]),
    ),
    accessLogFile: below(runtime, LAYOUT.accessLog),
  };
}

const TEMP_FOLDERS = {
  clientBody: 'client-body',
  proxy: 'proxy',
  fastcgi: 'fastcgi',
  uwsgi: 'uwsgi',
  scgi: 'scgi',
};

/** Powers of two with room to grow, so that the sizes change seldom. */
export function namesView(hosts: readonly string[]): object {
  const longest = hosts.reduce((length, host) => Math.max(length, host.length), 0);
  return {
    serverNames: {
      maxSize: powerOfTwo(Math.max(1024, 4 * hosts.length)),
      // A name, its length, two pointers, and what alignment takes.
      bucketSize: powerOfTwo(Math.max(128, longest + 64)),
    },
  };
}

export function defaultServerView(
  settings: Settings,
  runtime: Runtime,
  profiles: readonly RenderedText[],
): object {
  return {
    ...listenView(settings, runtime),
    ...defaultCertificateView(runtime),
    standard: passView(standardProfile(settings), settings, runtime),
    profiles,
  };
}

export function defaultCertificateView(runtime: Runtime): { defaultCertificate: string; defaultKey: string } {
  return {
    defaultCertificate: below(runtime, LAYOUT.defaultCertificate),
    defaultKey: below(runtime, LAYOUT.defaultKey),
  };
}

/** nginx takes about 170 bytes for each in every block, used or not. */
const MOST_OF_IDENTITY = 64;

/** Those that every file has. */
export function sharedBlocks(): readonly UpstreamBlock[] {
  const plain = Array.from({ length: SHARDS }, (_, number) => ({
    name: shardName(number),
    keeps: true,
    own: false,
  }));
  return [...plain, ...standingBlocks()];
}

/**
 * The number of kept connections is that of ingress-nginx's one pool, in each block: a lone backend has as many as
 * there, and idle ones end by time.
 */
export function upstreamsView(settings: Settings, blocks: readonly UpstreamBlock[]): object {
  return {
    shards: blocks.map(({ name, keeps, own }) => ({
      name,
      connections: Math.min(settings.upstreamKeepaliveConnections, own ? MOST_OF_IDENTITY : Infinity),
      keeps: keeps && settings.upstreamKeepaliveConnections > 0,
    })),
    keepaliveRequests: settings.upstreamKeepaliveRequests,
    keepaliveTimeout: settings.upstreamKeepaliveTimeout,
    keepaliveTime: settings.upstreamKeepaliveTime,
  };
}

export function internalView(runtime: Runtime): object {
  return {
    notFoundSocket: below(runtime, LAYOUT.notFoundSocket),
    unavailableSocket: below(runtime, LAYOUT.unavailableSocket),
    controlSocket: below(runtime, LAYOUT.controlSocket),
    // More than the shared memory can take: that it is full is for Lua to say, with numbers.
    configBodySize: 2 * runtime.documentsSize,
  };
}

function powerOfTwo(atLeast: number): number {
  return 2 ** Math.ceil(Math.log2(atLeast));
}
