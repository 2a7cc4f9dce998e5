// The endpoints of a Service by its type: from EndpointSlices, or from the addresses that its external name has.

import { type Diagnostic, quoteText } from '../model/diagnostic.ts';
import type { EndpointSlice, Service } from '../model/kubernetes.ts';
import { address } from '../options/grammar/address.ts';
import { type EndpointsReading, endpointsAt, readEndpoints } from './endpoints.ts';
import { referenceTo } from './report.ts';

/** @param number a TCP port of the Service. */
export function readService(
  service: Service,
  number: number,
  slices: readonly EndpointSlice[],
): EndpointsReading {
  const port = service.ports.find((item) => item.protocol === 'TCP' && item.port === number);
  if (port === undefined) return { endpoints: [], diagnostics: [] };
  const reading = readEndpoints(port, slices);
  if (reading.endpoints.length > 0) return reading;
  const none: Diagnostic = {
    code: 'endpoints-none',
    severity: 'warning',
    object: referenceTo(service),
    field: '',
    message: `no endpoint is ready for port ${number}; requests are answered with 503`,
    hint: 'See whether the Pods of the Service are ready and its selector and ports are right.',
  };
  return { endpoints: [], diagnostics: [...reading.diagnostics, none] };
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
    endpoints: [],
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
  if (addresses?.length === 0) return { endpoints: [], diagnostics: [] };
  const endpoints = endpointsAt(addresses ?? (address(name).ok ? [name] : []), port);
  return endpoints.length > 0
    ? { endpoints, diagnostics: [] }
    : about(
        'name-unresolved',
        'warning',
        `${quoteText(name)} has no address that is known`,
        'See whether the name is right and can be resolved from here.',
      );
}
