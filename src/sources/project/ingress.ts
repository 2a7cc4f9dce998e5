// networking.k8s.io/v1 Ingress.

import { z } from 'zod';
import type {
  Ingress,
  IngressBackend,
  PublishedAddress,
  ServicePortReference,
} from '../../model/kubernetes.ts';
import { listOf, namespacedMetadata, optionalText, portNumber, textOrEmpty } from './shape.ts';

// The API's zero values, `name: ""` and `number: 0`, are "not given".
const port = z
  .object({ name: textOrEmpty, number: z.union([z.literal(0), portNumber]).nullish() })
  .transform((written, context): ServicePortReference => {
    const number = written.number ?? 0;
    if (written.name !== '' && number === 0) return { name: written.name };
    if (written.name === '' && number !== 0) return { number };
    context.addIssue({
      code: 'custom',
      message: 'must give exactly one of name and number',
      params: { hint: 'Name the port of the Service, or give its number, not both.' },
    });
    return z.NEVER;
  });

const backend = z
  .object({
    service: z.object({ name: z.string().min(1), port }).nullish(),
    resource: z.object({}).nullish(),
  })
  .transform((written, context): IngressBackend => {
    const service = written.service ?? null;
    const resource = written.resource ?? null;
    if (service !== null && resource === null) {
      return { kind: 'service', service: service.name, port: service.port };
    }
    if (service === null && resource !== null) return { kind: 'resource' };
    context.addIssue({
      code: 'custom',
      message: 'must have exactly one of service and resource',
      params: {
        hint: 'Write service: {name: …, port: {number: …}}. (serviceName and servicePort are of v1beta1.)',
      },
    });
    return z.NEVER;
  });

const path = z.object({
  path: textOrEmpty,
  // The API server insists on it; ingress-nginx reads its absence as Prefix, and manifests written by hand have it.
  pathType: z.enum(['Exact', 'Prefix', 'ImplementationSpecific']).default('ImplementationSpecific'),
  backend,
});

const rule = z
  .object({ host: textOrEmpty, http: z.object({ paths: z.array(path).min(1) }).nullish() })
  .transform(({ host, http }) => ({ host, paths: http?.paths ?? [] }));

const tls = z.object({ hosts: listOf(z.string()), secretName: optionalText });

// Written by controllers, not by users: what does not have the shape counts as no status, and costs nobody the object.
const status = z
  .object({
    loadBalancer: z
      .object({ ingress: listOf(z.object({ ip: textOrEmpty, hostname: textOrEmpty })) })
      .nullish(),
  })
  .nullish()
  .catch(undefined);

export const ingress = z
  .object({
    metadata: namespacedMetadata,
    status,
    spec: z.object({
      ingressClassName: optionalText,
      defaultBackend: backend.nullish(),
      tls: listOf(tls),
      rules: listOf(rule),
    }),
  })
  .transform(
    ({ metadata, spec, status: written }): Ingress => ({
      kind: 'Ingress',
      metadata,
      ingressClassName: spec.ingressClassName,
      defaultBackend: spec.defaultBackend ?? undefined,
      tls: spec.tls,
      rules: spec.rules,
      ...published(written?.loadBalancer?.ingress ?? []),
    }),
  );

function published(addresses: readonly PublishedAddress[]): Pick<Ingress, 'published'> {
  return addresses.length === 0 ? {} : { published: addresses };
}
