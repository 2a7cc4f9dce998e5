// Who answers for one port of one Service. Ready endpoints take traffic, and beside them those that are going away but
// still serve keep their sessions; when none is ready the latter take all of it, as kube-proxy has it.

import type { Diagnostic } from '../model/diagnostic.ts';
import { quoteText } from '../model/diagnostic.ts';
import type { EndpointSlice, ServicePort, SliceEndpoint, SlicePort } from '../model/kubernetes.ts';
import type { Endpoint, LeftEndpoint } from '../model/model.ts';
import { isConnectable, address as parseAddress } from '../options/grammar/address.ts';
import { compareText } from './order.ts';
import { isPort } from './ports.ts';
import { referenceTo } from './report.ts';

export interface EndpointsReading {
  /** Sorted by address, then port; without repeats. */
  readonly endpoints: readonly Endpoint[];
  /** The others that are known, in the same order. */
  readonly left: readonly LeftEndpoint[];
  readonly diagnostics: readonly Diagnostic[];
}

/** @param zone that we are in; null: hints of slices do not count. */
export function readEndpoints(
  port: ServicePort,
  slices: readonly EndpointSlice[],
  zone: string | null,
): EndpointsReading {
  const places: Place[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const slice of slices) {
    if (slice.addressType === 'FQDN') {
      diagnostics.push(fqdnSlice(slice));
      continue;
    }
    const ports = portsOf(slice, port);
    const invalid: Diagnostic[] = [];
    slice.endpoints.forEach((endpoint, index) => {
      const state = stateOf(endpoint);
      endpoint.addresses.forEach((text, position) => {
        const parsed = parseAddress(text);
        if (parsed.ok && isConnectable(parsed.value))
          for (const number of ports) places.push({ address: parsed.value, port: number, state, endpoint });
        else if (invalid.length === 0 && (state === 'ready' || state === 'leaving'))
          invalid.push(invalidAddress(slice, `endpoints[${index}].addresses[${position}]`, text));
      });
    });
    diagnostics.push(...invalid);
  }
  return { ...choose(places, zone), diagnostics };
}

/** Every address at one port: an ExternalName, a cluster IP. */
export function endpointsAt(addresses: readonly string[], port: number): readonly Endpoint[] {
  const parsed = addresses.map(parseAddress);
  return sortPlaces(
    parsed.flatMap((item) =>
      item.ok && isConnectable(item.value) ? [toEndpoint({ address: item.value, port }, false)] : [],
    ),
  );
}

interface Place {
  readonly address: string;
  readonly port: number;
  readonly state: State;
  readonly endpoint: SliceEndpoint;
}

/** `leaving`: it terminates, and still serves. */
type State = 'ready' | 'leaving' | Exclude<LeftEndpoint['why'], 'other-zone'>;

function stateOf({ ready, serving, terminating }: SliceEndpoint): State {
  if (ready) return 'ready';
  if (!terminating) return 'not-ready';
  return serving ? 'leaving' : 'terminating';
}

function choose(places: readonly Place[], zone: string | null): Omit<EndpointsReading, 'diagnostics'> {
  const ready = places.filter(({ state }) => state === 'ready');
  const leaving = places.filter(({ state }) => state === 'leaving');
  const near = nearest(ready, zone);
  // Of the same address the first is kept: one that takes requests.
  const endpoints = sortPlaces(
    near.length > 0
      ? [...near.map((place) => toEndpoint(place, false)), ...leaving.map((place) => toEndpoint(place, true))]
      : leaving.map((place) => toEndpoint(place, false)),
  );
  const used = new Set(endpoints.map(placeOf));
  const left = places
    .filter((place) => !used.has(placeOf(place)))
    .map(({ address, port, state }): LeftEndpoint => ({ address, port, why: whyLeft(state) }));
  return { endpoints, left: left.length === 0 ? NONE : sortPlaces(left) };
}

const NONE: readonly LeftEndpoint[] = [];

function whyLeft(state: State): LeftEndpoint['why'] {
  return state === 'not-ready' || state === 'terminating' ? state : 'other-zone';
}

/** As kube-proxy: hints count only when every endpoint has some and one of them is for our zone. */
function nearest(ready: readonly Place[], zone: string | null): readonly Place[] {
  if (zone === null || ready.some(({ endpoint }) => endpoint.forZones.length === 0)) return ready;
  const near = ready.filter(({ endpoint }) => endpoint.forZones.includes(zone));
  return near.length > 0 ? near : ready;
}

function toEndpoint({ address, port }: Pick<Place, 'address' | 'port'>, draining: boolean): Endpoint {
  return { address, port, weight: 1, draining };
}

function placeOf({ address, port }: Pick<Place, 'address' | 'port'>): string {
  return `${address} ${port}`;
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

/** By address, then port, without repeats; of equal ones the first. */
function sortPlaces<P extends Pick<Place, 'address' | 'port'>>(places: readonly P[]): readonly P[] {
  if (places.length < 2) return places;
  const sorted = places.toSorted((a, b) => compareText(a.address, b.address) || a.port - b.port);
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
