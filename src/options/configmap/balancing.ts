// How endpoints are picked and which of them are out, where annotations do not say it.

import type { StatusRange } from '../../model/balancing.ts';
import { loadBalance, slowStart } from '../annotations/balancing.ts';
import { failTimeout, maxFails } from '../annotations/passive-checks.ts';
import { percent } from '../grammar/percent.ts';
import { statusRanges } from '../grammar/status-ranges.ts';
import { key } from './declaration.ts';

export const BALANCING_KEYS = {
  loadBalance: key(
    'load-balance',
    loadBalance,
    'round_robin',
    'How an endpoint is picked: round_robin, ewma or least_conn.',
  ),
  slowStart: key('slow-start', slowStart, 0, 'Seconds in which a new endpoint comes to its full share.'),
  panicThreshold: key(
    'panic-threshold',
    percent,
    0,
    'Percent of the endpoints: when fewer are healthy, all are used.',
  ),
  maxFails: key(
    'upstream-max-fails',
    maxFails,
    0,
    'Failed attempts after which an endpoint is left for a while; 0: never.',
  ),
  failTimeout: key(
    'upstream-fail-timeout',
    failTimeout,
    10,
    'Seconds of that while, and in which the failures have to be.',
  ),
  failStatuses: key<readonly StatusRange[]>(
    'upstream-fail-statuses',
    statusRanges,
    [],
    'Answers that count as failures, too.',
  ),
  maxEjected: key(
    'upstream-max-ejected',
    percent,
    50,
    'Percent of the endpoints that may be left at the same time.',
  ),
};
