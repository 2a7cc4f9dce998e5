// Which upstream block a route's connections are kept in. nginx keeps them by address alone, so a block belongs to
// one protocol and, with TLS, to one identity: else one tenant would ride on another's connection.

import type { Model, Route } from '../model/model.ts';
import type { Profile } from '../model/settings.ts';
import type { Upstream } from '../model/upstream.ts';
import { canonicalJson } from './canonical-json.ts';
import { digest } from './digest.ts';
import { profilesOf, STANDING_PROTOCOLS } from './profile.ts';
import { connectionsOf, shardOf } from './shard.ts';

/** Of each protocol that is there before anybody asks. */
const STANDING_BLOCKS = 8;

export interface UpstreamBlock {
  readonly name: string;
  /** Connections are kept for the next request. */
  readonly keeps: boolean;
  /** Of one identity: seldom more than a few endpoints, and there may be many such blocks. */
  readonly own: boolean;
}

/** What `$shard` is for a route; of AUTO_HTTP the block's name has the scheme before it. */
export function blockOf(route: Route): string {
  const { upstream } = route.profile;
  if (upstream === undefined) return shardOf(route.backend);
  if (!isStanding(upstream)) return blockOfIdentity(upstream);
  const number = Number.parseInt(digest(connectionsOf(route.backend)).slice(0, 4), 16) % STANDING_BLOCKS;
  return standingName(upstream.protocol, number);
}

export function standingBlocks(): readonly UpstreamBlock[] {
  return STANDING_PROTOCOLS.flatMap((protocol) =>
    Array.from({ length: STANDING_BLOCKS }, (_, number) => ({
      name: standingName(protocol, number),
      keeps: true,
      own: false,
    })),
  );
}

/** Those that the profiles of the model need besides, by name. */
export function identityBlocks(model: Model): readonly UpstreamBlock[] {
  const blocks = new Map<string, UpstreamBlock>();
  for (const profile of profilesOf(model).values()) {
    for (const block of blocksOf(profile)) blocks.set(block.name, block);
  }
  return [...blocks.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function blocksOf({ upstream }: Profile): readonly UpstreamBlock[] {
  if (upstream === undefined || isStanding(upstream)) return [];
  const name = blockOfIdentity(upstream);
  if (upstream.protocol === 'FCGI') return [{ name, keeps: false, own: true }];
  if (upstream.protocol !== 'AUTO_HTTP') return [{ name, keeps: true, own: true }];
  return ['http', 'https'].map((scheme) => ({ name: `${scheme}_${name}`, keeps: true, own: true }));
}

function isStanding({ protocol, tls }: Upstream): boolean {
  return tls === null && (STANDING_PROTOCOLS as readonly string[]).includes(protocol);
}

/** All of the digest: a tenant chooses parts of what goes in, and must not find another's block by trying. */
function blockOfIdentity(upstream: Upstream): string {
  return `${stem(upstream.protocol)}_${digest(canonicalJson(upstream))}`;
}

function standingName(protocol: Upstream['protocol'], number: number): string {
  return `${stem(protocol)}_${number}`;
}

function stem(protocol: Upstream['protocol']): string {
  return protocol === 'AUTO_HTTP' ? 'auto' : protocol.toLowerCase();
}
