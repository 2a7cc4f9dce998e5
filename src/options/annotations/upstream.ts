// How the endpoints are talked to, and how one of them is picked.

import { PROTOCOLS } from '../../model/upstream.ts';
import { choice, choiceIgnoringCase } from '../grammar/choice.ts';
import { supported } from './declaration.ts';

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
    doc: 'Protocol of the endpoints: HTTP, HTTPS, GRPC, GRPCS, FCGI, or AUTO_HTTP for the client’s own. Default: HTTP.',
  }),
  httpVersion: supported({
    name: 'proxy-http-version',
    scope: 'location',
    parse: choice(['1.0', '1.1']),
    doc: 'Version of HTTP towards endpoints. Default: 1.1.',
  }),
  loadBalance: supported({
    name: 'load-balance',
    scope: 'location',
    parse: choice(LOAD_BALANCE_ALGORITHMS),
    doc: 'How an endpoint is picked. Only round_robin is there; it stands in for the others. Default: round_robin.',
  }),
};
