// Endpoints that are asked how they are, whether there are requests or not.

import { choice } from '../grammar/choice.ts';
import { duration } from '../grammar/duration.ts';
import { checkHost, checkPath, grpcService } from '../grammar/health-check.ts';
import { integer } from '../grammar/number.ts';
import { statusRanges } from '../grammar/status-ranges.ts';
import { supported } from './declaration.ts';

export const HEALTH_CHECK_ANNOTATIONS = {
  checkType: supported({
    name: 'health-check',
    scope: 'location',
    parse: choice(['http', 'https', 'tcp', 'grpc']),
    doc: 'Endpoints are asked how they are: http, https, tcp or grpc. Those that do not answer well get no requests. Default: nobody asks.',
  }),
  checkPath: supported({
    name: 'health-check-path',
    scope: 'location',
    parse: checkPath,
    doc: 'Path that http and https ask for. Default: /.',
  }),
  checkHost: supported({
    name: 'health-check-host',
    scope: 'location',
    parse: checkHost,
    doc: 'Host header of http and https. Default: the address of the endpoint.',
  }),
  checkPort: supported({
    name: 'health-check-port',
    scope: 'location',
    parse: integer(1, 65_535),
    doc: 'Port that is asked. Default: that of the endpoint.',
  }),
  checkInterval: supported({
    name: 'health-check-interval',
    scope: 'location',
    parse: duration(1, 3_600),
    doc: 'Time between two checks of an endpoint, as `5s`. Default: 5.',
  }),
  checkTimeout: supported({
    name: 'health-check-timeout',
    scope: 'location',
    parse: duration(1, 3_600),
    doc: 'Time for an answer; never more than the interval. Default: 2.',
  }),
  checkRise: supported({
    name: 'health-check-rise',
    scope: 'location',
    parse: integer(1, 100),
    doc: 'Good answers in a row that bring an endpoint back. Default: 2.',
  }),
  checkFall: supported({
    name: 'health-check-fall',
    scope: 'location',
    parse: integer(1, 100),
    doc: 'Failed checks in a row after which an endpoint gets no requests. Default: 3.',
  }),
  checkStatuses: supported({
    name: 'health-check-statuses',
    scope: 'location',
    parse: statusRanges,
    doc: 'Answers to http and https that are good, as `200-299,404`. Default: 200-399.',
  }),
  checkService: supported({
    name: 'health-check-service',
    scope: 'location',
    parse: grpcService,
    doc: 'Service that grpc asks for. Default: the server as a whole.',
  }),
};
