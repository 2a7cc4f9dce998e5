// Who answers for one port of one Service. Ready endpoints take traffic; when there are none, those that are going
// away but still serve do, as kube-proxy has it.

import type { Diagnostic } from '../model/diagnostic.ts';
import { quoteText } from '../model/diagnostic.ts';
import type { EndpointSlice, ServicePort, SlicePort } from '../model/kubernetes.ts';
import type { Endpoint } from '../model/model.ts';
import { isConnectable, address as parseAddress } from '../options/grammar/address.ts';
import { compareText } from './order.ts';
import { isPort } from './ports.ts';
import { referenceTo } from './report.ts';

export interface EndpointsReading {
  /** Sorted by address, then port; without repeats. */
  readonly endpoints: readonly Endpoint[];
  readonly diagnostics: readonly Diagnostic[];
}

export function readEndpoints(port: ServicePort, slices: readonly EndpointSlice[]): EndpointsReading {
  const ready: Endpoint[] = [];
  const leaving: Endpoint[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const slice of slices) {
    if (slice.addressType === 'FQDN') {
      diagnostics.push(fqdnSlice(slice));
      continue;
    }
    const ports = portsOf(slice, port);
    const invalid: Diagnostic[] = [];
    slice.endpoints.forEach((endpoint, index) => {
      const list = endpoint.ready ? ready : endpoint.serving && endpoint.terminating ? leaving : null;
      if (list === null) return;
      endpoint.addresses.forEach((text, position) => {
        const parsed = parseAddress(text);
        if (parsed.ok && isConnectable(parsed.value))
          for (const number of ports) list.push({ address: parsed.value, port: number, weight: 1 });
        else if (invalid.length === 0)
          invalid.push(invalidAddress(slice, `endpoints[${index}].addresses[${position}]`, text));
      });
    });
    diagnostics.push(...invalid);
  }
  return { endpoints: sortEndpoints(ready.length > 0 ? ready : leaving), diagnostics };
}

/** Every address at one port: an ExternalName. */
export function endpointsAt(addresses: readonly string[], port: number): readonly Endpoint[] {
  const parsed = addresses.map(parseAddress);
  return sortEndpoints(
    parsed.flatMap((item) =>
      item.ok && isConnectable(item.value) ? [{ address: item.value, port, weight: 1 }] : [],
    ),
  );
}

function portsOf(slice: EndpointSlice, port: ServicePort): readonly number[] {
  const numeric = typeof port.targetPort === 'number' ? port.targetPort : undefined;
  if (slice.ports.length === 0) return isPort(numeric) ? [numeric] : [];
  const sameProtocol = slice.ports.filter((item) => item.protocol === port.protocol);
  let matching: readonly SlicePort[] = sameProtocol.filter((item) => item.name === port.name);
  // A slice written by hand may name the only port of a Service that leaves it unnamed.
  if (matching.length === 0 && port.name === '' && sameProtocol.length === 1) matching = sameProtocol;
  return matching.map((item) => item.port ?? numeric ?? port.port).filter(isPort);
}

function sortEndpoints(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  if (endpoints.length < 2) return endpoints;
  const sorted = endpoints.toSorted((a, b) => compareText(a.address, b.address) || a.port - b.port);
  return sorted.filter((item, index) => {
    const before = sorted[index - 1];
    return before === undefined || before.address !== item.address || before.port !== item.port;
  });
}

function fqdnSlice(slice: EndpointSlice): Diagnostic {
  return {
    code: 'slice-fqdn',
    severity: 'warning',
    object: referenceTo(slice),
    field: 'addressType',
    message: 'EndpointSlices of names are not supported; its endpoints get no traffic',
    hint: 'Use addresses, or a Service of type ExternalName.',
  };
}

function invalidAddress(slice: EndpointSlice, field: string, text: string): Diagnostic {
  return {
    code: 'address-invalid',
    severity: 'error',
    object: referenceTo(slice),
    field,
    message: `${quoteText(text)} is no address that can be connected to; it gets no traffic`,
    hint: 'Give an IPv4 or IPv6 address.',
  };
}
