// When and how often a request is tried at another endpoint, and of whom when no endpoint is left.

import { nextUpstream } from '../grammar/next-upstream.ts';
import { integer, secondsOrZero } from '../grammar/number.ts';
import { servicePort } from '../grammar/service-port.ts';
import { supported } from './declaration.ts';

export const RETRY_ANNOTATIONS = {
  nextUpstream: supported({
    name: 'proxy-next-upstream',
    scope: 'location',
    parse: nextUpstream,
    doc: 'Failures after which the next endpoint is tried. Default: proxy-next-upstream, error timeout.',
  }),
  nextUpstreamTimeout: supported({
    name: 'proxy-next-upstream-timeout',
    scope: 'location',
    parse: secondsOrZero,
    doc: 'Seconds after which no further try starts; 0: no limit. Default: proxy-next-upstream-timeout, 0.',
  }),
  nextUpstreamTries: supported({
    name: 'proxy-next-upstream-tries',
    scope: 'location',
    parse: integer(0, 1_000),
    doc: 'Tries in all; 0: as many as there are endpoints. Default: proxy-next-upstream-tries, 3.',
  }),
  failoverService: supported({
    name: 'failover-service',
    scope: 'location',
    parse: servicePort,
    doc: 'Service of the same namespace, as `name:port`, that is asked when no endpoint is fit or all that were tried have failed. Default: none.',
  }),
};
