// How the endpoints are talked to, and how one of them is picked.

import { choice, choiceIgnoringCase } from '../grammar/choice.ts';
import { supported } from './declaration.ts';

export const PROTOCOLS = ['HTTP', 'HTTPS', 'AUTO_HTTP', 'GRPC', 'GRPCS', 'FCGI'] as const;

export const LOAD_BALANCE_ALGORITHMS = [
  'round_robin',
  'ewma',
  'chash',
  'chashsubset',
  'sticky_balanced',
  'sticky_persistent',
] as const;

export const UPSTREAM_ANNOTATIONS = {
  backendProtocol: supported({
    name: 'backend-protocol',
    scope: 'location',
    parse: choiceIgnoringCase(PROTOCOLS),
    doc: 'Protocol of the endpoints. Only HTTP is served; locations with another one answer 503. Default: HTTP.',
  }),
  loadBalance: supported({
    name: 'load-balance',
    scope: 'location',
    parse: choice(LOAD_BALANCE_ALGORITHMS),
    doc: 'How an endpoint is picked. Only round_robin is there; it stands in for the others. Default: round_robin.',
  }),
};
