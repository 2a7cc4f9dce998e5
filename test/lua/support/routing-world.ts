// Hosts, paths and routes of every sort that the router has to tell apart, before one backend.

import type { Document, RouteBody } from '../../../src/model/document.ts';
import * as documents from './documents.ts';

const { backend, host, settings, STREAMING_PROFILE, UNLIMITED_PROFILE } = documents;
const route = (id: string, body: Partial<RouteBody> = {}) => documents.route(id, 'b', body);
const tiny = { bodySize: 100 };

/** @param endpoint of the backend `b`; the backend `none` has no endpoints. */
export function routingWorld(endpoint: string): readonly Document[] {
  return [
    settings({ noTlsRedirectLocations: ['/.well-known/acme-challenge'] }),
    backend('b', endpoint),
    backend('none'),
    ...['root', 'exact', 'dir', 'deep', 'any', 'wild', 'slash'].map((id) => route(id)),
    route('denied', { denied: 'auth is asked for' }),
    documents.route('empty', 'none'),
    documents.route('unknown-backend', 'nobody'),
    route('tls', { sslRedirect: true }),
    route('tiny', tiny),
    route('new-profile', { ...tiny, profile: 'pffffffff' }),
    route('no-profile', { profile: 'pffffffff', unlimitedProfile: 'pfffffffe' }),
    route('unlimited', { bodySize: 0, profile: UNLIMITED_PROFILE }),
    route('streaming', { bodySize: 0, profile: STREAMING_PROFILE }),
    host('shop.test', {
      '/': 'root',
      '=/exact': 'exact',
      '/dir/': 'dir',
      '/dir/deep/': 'deep',
      '=/end/': 'slash',
      '=/both': 'exact',
      '/both/': 'dir',
      '/sp ace/': 'dir',
    }),
    host('paths.test', {
      '/only/': 'dir',
      '=/denied': 'denied',
      '=/empty': 'empty',
      '=/lost': 'no-such-route',
    }),
    host('answers.test', {
      '/denied/': 'denied',
      '/empty/': 'empty',
      '/nobody/': 'unknown-backend',
      '/tls/': 'tls',
      '/.well-known/acme-challenge/': 'tls',
      '/tiny/': 'tiny',
      '/new/': 'new-profile',
      '/no/': 'no-profile',
      '/unlimited/': 'unlimited',
      '/streaming/': 'streaming',
    }),
    host('*.wild.test', { '/': 'wild' }),
    host('known.wild.test', { '/only/': 'dir' }),
    host('*', { '/any/': 'any' }),
    host('compiled.test', { '=/exact': 'exact', '/dir/': 'dir', '/gone/': 'root' }),
  ];
}
