// Endpoints that are left for a while because requests have failed there.

import { duration } from '../grammar/duration.ts';
import { integer } from '../grammar/number.ts';
import { percent } from '../grammar/percent.ts';
import { statusRanges } from '../grammar/status-ranges.ts';
import { supported } from './declaration.ts';

export const maxFails = integer(0, 1_000);
export const failTimeout = duration(1, 86_400);

export const PASSIVE_CHECK_ANNOTATIONS = {
  maxFails: supported({
    name: 'upstream-max-fails',
    scope: 'location',
    parse: maxFails,
    doc: 'An endpoint at which so many attempts have failed within upstream-fail-timeout gets no requests for that time; 0: none is left so. Default: upstream-max-fails, 0.',
  }),
  failTimeout: supported({
    name: 'upstream-fail-timeout',
    scope: 'location',
    parse: failTimeout,
    doc: 'That time, as `10s` or `1m`. Default: upstream-fail-timeout, 10.',
  }),
  failStatuses: supported({
    name: 'upstream-fail-statuses',
    scope: 'location',
    parse: statusRanges,
    doc: 'Answers that count as failures beside broken connections and timeouts, as `500,502-504`. Default: upstream-fail-statuses, none.',
  }),
  maxEjected: supported({
    name: 'upstream-max-ejected',
    scope: 'location',
    parse: percent,
    doc: 'Percent of the endpoints that may be left at the same time; never less than one of several. Default: upstream-max-ejected, 50.',
  }),
};
