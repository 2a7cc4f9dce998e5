// An Ingress that takes a share of the traffic of another one's paths.

import { boolean } from '../grammar/boolean.ts';
import { duration } from '../grammar/duration.ts';
import { hashKey } from '../grammar/hash-key.ts';
import { moment } from '../grammar/moment.ts';
import { integer } from '../grammar/number.ts';
import { cookieName, headerName, text } from '../grammar/text.ts';
import { supported } from './declaration.ts';

export const CANARY_ANNOTATIONS = {
  canary: supported({
    name: 'canary',
    scope: 'ingress',
    parse: boolean,
    doc: 'Makes the Ingress a canary of the same hosts and paths elsewhere. Default: false.',
  }),
  canaryHeader: supported({
    name: 'canary-by-header',
    scope: 'canary',
    parse: headerName,
    doc: 'Header whose value "always" or "never" decides. Default: none.',
  }),
  canaryHeaderValue: supported({
    name: 'canary-by-header-value',
    scope: 'canary',
    parse: text(1_000),
    doc: 'Value of that header which chooses the canary, instead of "always" and "never". Default: none.',
  }),
  canaryHeaderPattern: supported({
    name: 'canary-by-header-pattern',
    scope: 'canary',
    parse: text(1_000),
    doc: 'PCRE for that header; ignored when a value is given. Default: none.',
  }),
  canaryCookie: supported({
    name: 'canary-by-cookie',
    scope: 'canary',
    parse: cookieName,
    doc: 'Cookie whose value "always" or "never" decides. Default: none.',
  }),
  canaryWeight: supported({
    name: 'canary-weight',
    scope: 'canary',
    parse: integer(0, 1_000_000_000),
    doc: 'Share of the requests that nothing else decided, of canary-weight-total. Default: 0.',
  }),
  canaryWeightTotal: supported({
    name: 'canary-weight-total',
    scope: 'canary',
    parse: integer(0, 1_000_000_000),
    doc: 'What canary-weight is a share of; less than 100 counts as 100. Default: 100.',
  }),
  canaryBucketBy: supported({
    name: 'canary-bucket-by',
    scope: 'canary',
    parse: hashKey,
    doc: 'What canary-weight is a share of, as in upstream-hash-by: requests of the same text are always on the same side. Default: each request by chance.',
  }),
  canaryRampStart: supported({
    name: 'canary-ramp-start',
    scope: 'canary',
    parse: moment,
    doc: 'When canary-weight begins to grow from 0 to what it says, as `2026-03-01T09:00:00Z`. Default: none.',
  }),
  canaryRampDuration: supported({
    name: 'canary-ramp-duration',
    scope: 'canary',
    parse: duration(1, 31_536_000),
    doc: 'How long it grows, as `30m` or `2d`; a number without a unit is seconds. Default: none.',
  }),
};
