// The endpoints of a Service by its type: from EndpointSlices, or from the addresses that its external name has.

import { type Diagnostic, quoteText } from '../model/diagnostic.ts';
import type { EndpointSlice, Service } from '../model/kubernetes.ts';
import { address } from '../options/grammar/address.ts';
import { type EndpointsReading, endpointsAt, readEndpoints } from './endpoints.ts';
import { referenceTo } from './report.ts';

/**
 * @param number a TCP port of the Service.
 * @param zone that we are in; null: hints of slices do not count.
 */
export function readService(
  service: Service,
  number: number,
  slices: readonly EndpointSlice[],
  zone: string | null,
): EndpointsReading {
  const port = service.ports.find((item) => item.protocol === 'TCP' && item.port === number);
  if (port === undefined) return NOTHING;
  const reading = readEndpoints(port, slices, zone);
  if (reading.endpoints.length > 0) return reading;
  const none: Diagnostic = {
    code: 'endpoints-none',
    severity: 'warning',
    object: referenceTo(service),
    field: '',
    message: `no endpoint is ready for port ${number}; requests are answered with 503`,
    hint: 'See whether the Pods of the Service are ready and its selector and ports are right.',
  };
  return { ...reading, diagnostics: [...reading.diagnostics, none] };
}

export const NOTHING: EndpointsReading = { endpoints: [], left: [], diagnostics: [] };

/** What `service-upstream` asks for; null: the Service has no address of its own. */
export function readClusterIp(service: Service, number: number): EndpointsReading | null {
  const endpoints = service.type === 'ExternalName' ? [] : endpointsAt([service.clusterIP ?? ''], number);
  return endpoints.length === 0 ? null : { ...NOTHING, endpoints };
}

export function noClusterIp(service: Service): Diagnostic {
  return {
    code: 'cluster-ip-none',
    severity: 'warning',
    object: referenceTo(service),
    field: 'spec.clusterIP',
    message: 'service-upstream asks for the cluster IP, and there is none; endpoints are used as usual',
    hint: 'Remove service-upstream, or give the Service a cluster IP (in a manifest, spec.clusterIP).',
  };
}

/** @param addresses that its name resolved to last; none: the source has said why. */
export function readExternal(
  service: Service,
  port: number,
  addresses: readonly string[] | undefined,
  disabled: boolean,
): EndpointsReading {
  const name = service.externalName ?? '';
  const about = (
    code: string,
    severity: Diagnostic['severity'],
    message: string,
    hint: string,
  ): EndpointsReading => ({
    ...NOTHING,
    diagnostics: [
      {
        code,
        severity,
        object: referenceTo(service),
        field: 'spec.externalName',
        message: `${message}; requests are answered with 503`,
        hint,
      },
    ],
  });
  if (disabled)
    return about(
      'external-name-disabled',
      'error',
      'Services of type ExternalName get no traffic, as --disable-svc-external-name says',
      'Use a Service with endpoints.',
    );
  if (addresses?.length === 0) return NOTHING;
  const endpoints = endpointsAt(addresses ?? (address(name).ok ? [name] : []), port);
  return endpoints.length > 0
    ? { ...NOTHING, endpoints }
    : about(
        'name-unresolved',
        'warning',
        `${quoteText(name)} has no address that is known`,
        'See whether the name is right and can be resolved from here.',
      );
}
