// The document of a backend: its endpoints, how one of them is picked, and how it is known which are out.

import type { ActiveCheck, PassiveChecks } from '../model/balancing.ts';
import type { BackendBody } from '../model/document.ts';
import type { Backend, Endpoint } from '../model/model.ts';

/** What asks for nothing is left out. */
export function backendBody({ balancing, endpoints }: Backend): BackendBody {
  const { algorithm, hashBy, subsetSize, slowStart, panicThreshold, passive, check } = balancing;
  return {
    algorithm,
    endpoints: endpoints.map(endpointBody),
    ...(hashBy.length > 0 ? { hashBy } : {}),
    ...(subsetSize > 0 ? { subsetSize } : {}),
    ...(slowStart > 0 ? { slowStart } : {}),
    ...(panicThreshold > 0 ? { panicThreshold } : {}),
    ...(passive === null ? {} : { passive: passiveBody(passive) }),
    ...(check === null ? {} : { check: checkBody(check) }),
  };
}

function endpointBody({ address, port, weight, draining }: Endpoint): BackendBody['endpoints'][number] {
  return {
    address,
    port,
    ...(weight === 1 ? {} : { weight }),
    ...(draining ? { draining } : {}),
  };
}

function passiveBody({ statuses, ...rest }: PassiveChecks): NonNullable<BackendBody['passive']> {
  return statuses.length > 0 ? { ...rest, statuses } : rest;
}

function checkBody(check: ActiveCheck): NonNullable<BackendBody['check']> {
  const { type, interval, timeout, rise, fall, port, path, host, statuses, service } = check;
  const asksHttp = type === 'http' || type === 'https';
  return {
    type,
    interval,
    timeout,
    rise,
    fall,
    ...(port === null ? {} : { port }),
    ...(asksHttp ? { path, statuses } : {}),
    ...(host === null ? {} : { host }),
    ...(service === '' ? {} : { service }),
  };
}
