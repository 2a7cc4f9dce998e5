// How a request is passed on: body size, buffers, timeouts.

import { onOff } from '../grammar/boolean.ts';
import { integer, seconds } from '../grammar/number.ts';
import { bodySize, bufferSize } from '../grammar/size.ts';
import { supported } from './declaration.ts';

export const PROXY_ANNOTATIONS = {
  bodySize: supported({
    name: 'proxy-body-size',
    scope: 'location',
    parse: bodySize,
    doc: 'Largest request body; 0: no limit. Default: proxy-body-size, 1m.',
  }),
  connectTimeout: supported({
    name: 'proxy-connect-timeout',
    scope: 'location',
    parse: seconds,
    doc: 'Seconds to wait for a connection to an endpoint. Default: proxy-connect-timeout, 5.',
  }),
  sendTimeout: supported({
    name: 'proxy-send-timeout',
    scope: 'location',
    parse: seconds,
    doc: 'Seconds between two writes to an endpoint. Default: proxy-send-timeout, 60.',
  }),
  readTimeout: supported({
    name: 'proxy-read-timeout',
    scope: 'location',
    parse: seconds,
    doc: 'Seconds between two reads from an endpoint. Default: proxy-read-timeout, 60.',
  }),
  buffering: supported({
    name: 'proxy-buffering',
    scope: 'location',
    parse: onOff,
    doc: 'Whether answers are buffered. Default: proxy-buffering, off.',
  }),
  requestBuffering: supported({
    name: 'proxy-request-buffering',
    scope: 'location',
    parse: onOff,
    doc: 'Whether a body is read whole before it is passed on. Default: proxy-request-buffering, on.',
  }),
  bufferSize: supported({
    name: 'proxy-buffer-size',
    scope: 'location',
    parse: bufferSize,
    doc: 'Buffer for the head of an answer, and size of each further buffer. Default: proxy-buffer-size, 4k.',
  }),
  buffersNumber: supported({
    name: 'proxy-buffers-number',
    scope: 'location',
    parse: buffersNumber(),
    doc: 'Number of buffers for an answer. Default: proxy-buffers-number, 4.',
  }),
};

/** At least 3: with fewer, nginx refuses the busy buffers (twice the size) that it derives by itself. */
export function buffersNumber() {
  return integer(3, 256);
}
