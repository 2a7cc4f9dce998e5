// Which endpoint is picked.

import { ALGORITHMS } from '../../model/balancing.ts';
import { boolean } from '../grammar/boolean.ts';
import { choice } from '../grammar/choice.ts';
import { duration } from '../grammar/duration.ts';
import { hashKey } from '../grammar/hash-key.ts';
import { integer } from '../grammar/number.ts';
import { percent } from '../grammar/percent.ts';
import { supported } from './declaration.ts';

/** The last two are what ingress-nginx calls its sticky sessions inside, and lets be written. */
export const loadBalance = choice([...ALGORITHMS, 'sticky_balanced', 'sticky_persistent']);

/** Seconds in which a new endpoint comes to its full share. */
export const slowStart = duration(0, 3_600);

export const BALANCING_ANNOTATIONS = {
  loadBalance: supported({
    name: 'load-balance',
    scope: 'location',
    parse: loadBalance,
    doc: 'How an endpoint is picked: round_robin, ewma, least_conn, and chash or chashsubset together with upstream-hash-by. Default: load-balance, round_robin.',
  }),
  hashBy: supported({
    name: 'upstream-hash-by',
    scope: 'location',
    parse: hashKey,
    doc: 'Requests of the same text go to the same endpoint (chash): text with variables, as `$remote_addr` or `$cookie_user`. Goes before load-balance. Default: none.',
  }),
  hashSubset: supported({
    name: 'upstream-hash-by-subset',
    scope: 'location',
    parse: boolean,
    doc: 'Requests of the same text go to the same few endpoints (chashsubset) instead of one. Default: false.',
  }),
  hashSubsetSize: supported({
    name: 'upstream-hash-by-subset-size',
    scope: 'location',
    parse: integer(1, 1_000),
    doc: 'How many these are. Default: 3.',
  }),
  slowStart: supported({
    name: 'slow-start',
    scope: 'location',
    parse: slowStart,
    doc: 'Time in which an endpoint that is new, or ready again, comes to its full share, as `30s`; 0: at once. Not of hashes. Default: slow-start, 0.',
  }),
  panicThreshold: supported({
    name: 'panic-threshold',
    scope: 'location',
    parse: percent,
    doc: 'Percent of the endpoints: when fewer are healthy, all of them are used. 0: only when none is. Default: panic-threshold, 0.',
  }),
};
