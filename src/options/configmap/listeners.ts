// Where nginx listens, and what its processes may use.

import { addressList } from '../grammar/address.ts';
import { boolean } from '../grammar/boolean.ts';
import { choice } from '../grammar/choice.ts';
import { duration } from '../grammar/duration.ts';
import { integer } from '../grammar/number.ts';
import { good, type Parse } from '../grammar/parsed.ts';
import { key } from './declaration.ts';

const LOG_LEVELS = ['debug', 'info', 'notice', 'warn', 'error', 'crit', 'alert', 'emerg'] as const;

const workers: Parse<number | 'auto'> = (text) => (text === 'auto' ? good('auto') : integer(1, 1_024)(text));

export const LISTENER_KEYS = {
  bindAddresses: key<readonly string[]>(
    'bind-address',
    addressList,
    [],
    'Addresses to listen on, separated by commas; none: all.',
  ),
  disableIpv6: key('disable-ipv6', boolean, false, 'Listens on IPv4 only.'),
  http2: key('use-http2', boolean, true, 'Offers HTTP/2 on the TLS port.'),
  workerProcesses: key('worker-processes', workers, 'auto', 'Number of workers; auto: one for each CPU.'),
  workerShutdownTimeout: key(
    'worker-shutdown-timeout',
    duration(1, 86_400),
    240,
    'How long old workers may finish their connections.',
  ),
  maxWorkerConnections: key(
    'max-worker-connections',
    integer(16, 1_048_576),
    16_384,
    'Connections that one worker may hold open.',
  ),
  maxWorkerOpenFiles: key(
    'max-worker-open-files',
    integer(0, 16_777_216),
    0,
    'Files that one worker may hold open; 0: as the system allows.',
  ),
  errorLogLevel: key('error-log-level', choice(LOG_LEVELS), 'notice', 'How much nginx logs.'),
  disableAccessLog: key('disable-access-log', boolean, false, 'Writes no access log.'),
  disableHttpAccessLog: key('disable-http-access-log', boolean, false, 'Writes no access log for HTTP.'),
};
