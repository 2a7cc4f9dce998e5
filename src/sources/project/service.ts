// v1 Service.

import { z } from 'zod';
import type { Service, ServicePort } from '../../model/kubernetes.ts';
import { listOf, namespacedMetadata, optionalText, portNumber, protocol, textOrEmpty } from './shape.ts';

const port = z
  .object({
    name: textOrEmpty,
    protocol,
    port: portNumber,
    targetPort: z.union([z.string(), z.int().min(0).max(65_535)]).nullish(),
  })
  .transform((written): ServicePort => ({ ...written, targetPort: written.targetPort ?? undefined }));

export const service = z
  .object({
    metadata: namespacedMetadata,
    spec: z.object({
      type: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName']).nullish(),
      clusterIP: optionalText,
      externalName: optionalText,
      ports: listOf(port),
    }),
  })
  .transform(
    ({ metadata, spec }): Service => ({
      kind: 'Service',
      metadata,
      type: spec.type ?? 'ClusterIP',
      clusterIP: spec.clusterIP,
      externalName: spec.externalName,
      ports: spec.ports,
    }),
  );
