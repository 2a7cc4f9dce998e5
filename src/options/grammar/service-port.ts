// A Service of the same namespace and one of its ports, `name:80` or `name:http`.

import type { ServicePortReference } from '../../model/kubernetes.ts';
import { objectNameText } from './object-name.ts';
import { bad, good, type Parse } from './parsed.ts';

export interface ServiceWithPort {
  readonly service: string;
  readonly port: ServicePortReference;
}

export const servicePort: Parse<ServiceWithPort> = (given) => {
  const match = /^([a-z0-9.-]{1,253}):(?:([0-9]{1,5})|([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?))$/.exec(given);
  const [, service = '', number, name = ''] = match ?? [];
  const port = number === undefined ? { name } : { number: Number(number) };
  const fits = match !== null && objectNameText(service).ok;
  return fits && !('number' in port && (port.number < 1 || port.number > 65_535))
    ? good({ service, port })
    : bad('the name of a Service and a port of it are expected, as in fallback:80');
};
