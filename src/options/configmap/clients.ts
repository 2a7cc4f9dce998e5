// Connections with clients, and what is believed of their headers.

import { boolean } from '../grammar/boolean.ts';
import { buffers } from '../grammar/buffers.ts';
import { integer, seconds, secondsOrZero } from '../grammar/number.ts';
import { bufferSize } from '../grammar/size.ts';
import { key } from './declaration.ts';

export const CLIENT_KEYS = {
  keepAlive: key(
    'keep-alive',
    secondsOrZero,
    75,
    'Seconds that an idle connection is kept; 0: none is kept.',
  ),
  keepAliveRequests: key('keep-alive-requests', integer(1, 1e9), 1_000, 'Requests on one connection.'),
  clientHeaderTimeout: key(
    'client-header-timeout',
    seconds,
    60,
    'Seconds to wait for the head of a request.',
  ),
  clientBodyTimeout: key('client-body-timeout', seconds, 60, 'Seconds between two reads of a body.'),
  clientHeaderBufferSize: key(
    'client-header-buffer-size',
    bufferSize,
    1_024,
    'Buffer for the head of a request.',
  ),
  clientBodyBufferSize: key(
    'client-body-buffer-size',
    bufferSize,
    8_192,
    'Buffer for the body of a request.',
  ),
  largeClientHeaderBuffers: key(
    'large-client-header-buffers',
    buffers,
    { number: 4, size: 8_192 },
    'Number and size of the buffers for long heads.',
  ),
  http2MaxConcurrentStreams: key(
    'http2-max-concurrent-streams',
    integer(1, 65_535),
    128,
    'Streams of one HTTP/2 connection.',
  ),
  underscoresInHeaders: key(
    'enable-underscores-in-headers',
    boolean,
    false,
    'Accepts header names with underscores.',
  ),
  ignoreInvalidHeaders: key('ignore-invalid-headers', boolean, true, 'Drops headers with odd names.'),
  serverTokens: key('server-tokens', boolean, false, 'Tells the version of nginx.'),
  useForwardedHeaders: key(
    'use-forwarded-headers',
    boolean,
    false,
    'Believes the X-Forwarded-* headers of clients: only behind a proxy that sets them.',
  ),
  computeFullForwardedFor: key(
    'compute-full-forwarded-for',
    boolean,
    false,
    'Appends to X-Forwarded-For instead of replacing it.',
  ),
};
