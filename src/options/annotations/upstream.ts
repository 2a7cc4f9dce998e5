// How the endpoints are talked to.

import { PROTOCOLS } from '../../model/upstream.ts';
import { boolean } from '../grammar/boolean.ts';
import { choice, choiceIgnoringCase } from '../grammar/choice.ts';
import { supported } from './declaration.ts';

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
  serviceUpstream: supported({
    name: 'service-upstream',
    scope: 'location',
    parse: boolean,
    doc: 'Requests go to the cluster IP of the Service instead of its endpoints: the cluster balances. Default: false.',
  }),
};
