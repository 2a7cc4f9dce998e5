// Connections with endpoints, and the defaults of what annotations set for each Ingress.

import type { NextUpstreamCondition } from '../../model/settings.ts';
import { buffersNumber } from '../annotations/proxy.ts';
import { boolean, onOff } from '../grammar/boolean.ts';
import { duration } from '../grammar/duration.ts';
import { nextUpstream } from '../grammar/next-upstream.ts';
import { integer, seconds, secondsOrZero } from '../grammar/number.ts';
import { bodySize, bufferSize } from '../grammar/size.ts';
import { key } from './declaration.ts';

export const UPSTREAM_KEYS = {
  keepaliveConnections: key(
    'upstream-keepalive-connections',
    integer(0, 100_000),
    320,
    'Idle connections that each worker keeps; 0: none.',
  ),
  keepaliveRequests: key('upstream-keepalive-requests', integer(1, 1e9), 10_000, 'Requests on one of them.'),
  keepaliveTimeout: key('upstream-keepalive-timeout', seconds, 60, 'Seconds that an idle one is kept.'),
  keepaliveTime: key('upstream-keepalive-time', duration(1, 1e8), 3_600, 'Age after which one is closed.'),
  connectTimeout: key(
    'proxy-connect-timeout',
    seconds,
    5,
    'Seconds to wait for a connection to an endpoint.',
  ),
  sendTimeout: key('proxy-send-timeout', seconds, 60, 'Seconds between two writes to an endpoint.'),
  readTimeout: key('proxy-read-timeout', seconds, 60, 'Seconds between two reads from an endpoint.'),
  sslRedirect: key('ssl-redirect', boolean, true, 'Redirects plain HTTP when the host has TLS.'),
  forceSslRedirect: key('force-ssl-redirect', boolean, false, 'Redirects plain HTTP always.'),
  bodySize: key('proxy-body-size', bodySize, 1_048_576, 'Largest request body; 0: no limit.'),
  requestBuffering: key('proxy-request-buffering', onOff, true, 'Reads a body whole before passing it on.'),
  buffering: key('proxy-buffering', onOff, false, 'Buffers answers.'),
  bufferSize: key('proxy-buffer-size', bufferSize, 4_096, 'Buffer for the head of an answer.'),
  buffersNumber: key('proxy-buffers-number', buffersNumber(), 4, 'Number of buffers for an answer.'),
  nextUpstream: key<readonly NextUpstreamCondition[]>(
    'proxy-next-upstream',
    nextUpstream,
    ['error', 'timeout'],
    'Failures after which the next endpoint is tried.',
  ),
  nextUpstreamTries: key(
    'proxy-next-upstream-tries',
    integer(0, 1_000),
    3,
    'Tries in all; 0: all endpoints.',
  ),
  nextUpstreamTimeout: key(
    'proxy-next-upstream-timeout',
    secondsOrZero,
    0,
    'Seconds after which no further try starts; 0: no limit.',
  ),
  retryNonIdempotent: key('retry-non-idempotent', boolean, false, 'Tries POST, LOCK and PATCH again, too.'),
};
