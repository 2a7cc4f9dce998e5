// discovery.k8s.io/v1 EndpointSlice. Absent conditions mean what the API's documentation says: ready unless
// said otherwise, serving as ready, not terminating.

import { z } from 'zod';
import type { EndpointSlice, SliceEndpoint, SlicePort } from '../../model/kubernetes.ts';
import { listOf, namespacedMetadata, optionalText, portNumber, protocol, textOrEmpty } from './shape.ts';

const port = z
  .object({ name: textOrEmpty, protocol, port: portNumber.nullish() })
  .transform((written): SlicePort => ({ ...written, port: written.port ?? undefined }));

const endpoint = z
  .object({
    addresses: z.array(z.string()).min(1),
    conditions: z
      .object({
        ready: z.boolean().nullish(),
        serving: z.boolean().nullish(),
        terminating: z.boolean().nullish(),
      })
      .nullish(),
    zone: optionalText,
    nodeName: optionalText,
    hints: z.object({ forZones: listOf(z.object({ name: z.string() })) }).nullish(),
  })
  .transform(({ addresses, conditions, zone, nodeName, hints }): SliceEndpoint => {
    const ready = conditions?.ready ?? true;
    return {
      addresses,
      ready,
      serving: conditions?.serving ?? ready,
      terminating: conditions?.terminating ?? false,
      zone,
      nodeName,
      forZones: hints?.forZones.map(({ name }) => name) ?? NO_ZONES,
    };
  });

const NO_ZONES: SliceEndpoint['forZones'] = [];

export const endpointSlice = z
  .object({
    metadata: namespacedMetadata,
    addressType: z.enum(['IPv4', 'IPv6', 'FQDN']),
    ports: listOf(port),
    endpoints: listOf(endpoint),
  })
  .transform(
    ({ metadata, addressType, ports, endpoints }): EndpointSlice => ({
      kind: 'EndpointSlice',
      metadata,
      addressType,
      ports,
      endpoints,
    }),
  );
