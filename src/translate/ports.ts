// Which Service and which port of it a rule means. A number is the Service's port and a name its name; failing
// that, either may be the targetPort, which ingress-nginx accepts too (it takes the first port that fits in any of
// the three ways; here the port's own number and name go first, as the API means them).

import { createHash } from 'node:crypto';
import type { Balancing } from '../model/balancing.ts';
import { quoteText } from '../model/diagnostic.ts';
import type { Service, ServicePort, ServicePortReference } from '../model/kubernetes.ts';
import type { BackendId } from '../model/model.ts';
import { objectNameText } from '../options/grammar/object-name.ts';
import type { BackendWish } from './balancing.ts';
import type { Problem } from './report.ts';
import type { ServiceBackend } from './rules.ts';

export interface BackendReference {
  readonly id: BackendId;
  /** `namespace/name`. */
  readonly service: string;
  /** As the Service numbers it; null: there is no such Service or port. */
  readonly port: number | null;
  readonly balancing: Balancing;
  /** Its endpoint is the cluster IP. */
  readonly serviceUpstream: boolean;
}

/**
 * What follows from a problem depends on who asks: that is not in its message.
 *
 * @param namespace of the Ingress, valid.
 * @param field JSON path of the backend.
 */
export function resolveBackend(
  namespace: string,
  backend: Pick<ServiceBackend, 'service' | 'port'>,
  field: string,
  service: Service | undefined,
  wish: BackendWish,
): { readonly reference: BackendReference; readonly problem: Problem | null } {
  const key = `${namespace}/${backend.service}`;
  if (service === undefined || !objectNameText(backend.service).ok)
    return { reference: missing(namespace, backend, wish), problem: serviceMissing(key, field) };
  const port = findPort(service, backend.port);
  if (port === null)
    return { reference: missing(namespace, backend, wish), problem: portMissing(key, backend.port, field) };
  return { reference: referenceOf(`${key}/${port}`, key, port, wish), problem: null };
}

export function referenceOf(
  id: BackendId,
  service: string,
  port: number | null,
  { balancing, serviceUpstream, suffix }: BackendWish,
): BackendReference {
  return { id: `${id}${suffix}`, service, port, balancing, serviceUpstream };
}

/** Of the TCP ports; null when none fits. For an ExternalName any number will do: it need not declare ports. */
export function findPort(service: Service, wanted: ServicePortReference): number | null {
  const ports = service.ports.filter((port) => port.protocol === 'TCP' && isPort(port.port));
  const text = 'name' in wanted ? wanted.name : String(wanted.number);
  const own = (port: ServicePort) =>
    'name' in wanted ? port.name === wanted.name : port.port === wanted.number;
  const found = ports.find(own) ?? ports.find((port) => String(port.targetPort ?? port.port) === text);
  if (found !== undefined) return found.port;
  return service.type === 'ExternalName' && 'number' in wanted && isPort(wanted.number)
    ? wanted.number
    : null;
}

export function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535;
}

/** A backend of its own for each way of missing, under an id that no backend that exists can have. */
function missing(
  namespace: string,
  backend: Pick<ServiceBackend, 'service' | 'port'>,
  wish: BackendWish,
): BackendReference {
  const port = 'name' in backend.port ? `n${backend.port.name}` : `${backend.port.number}`;
  const text = JSON.stringify([backend.service, port]);
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 32);
  return referenceOf(`${namespace}/~${digest}/0`, `${namespace}/${backend.service}`, null, wish);
}

function serviceMissing(key: string, field: string): Problem {
  return {
    code: 'service-missing',
    severity: 'error',
    field: `${field}.service.name`,
    message: `there is no Service ${quoteText(key)}`,
    hint: 'Create the Service in the namespace of the Ingress, or correct its name.',
  };
}

function portMissing(key: string, wanted: ServicePortReference, field: string): Problem {
  const text = 'name' in wanted ? quoteText(wanted.name) : String(wanted.number);
  return {
    code: 'port-missing',
    severity: 'error',
    field: `${field}.service.port`,
    message: `the Service ${key} has no TCP port ${text}`,
    hint: 'Name a port as the Service has it.',
  };
}
