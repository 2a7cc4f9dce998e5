// Objects for so many services with a host each.
import { type IngressOptions, ingress, type Manifest, workload } from '../../e2e/support/objects.ts';
import type { Upstream } from './upstream.ts';

export type ServicesOptions = {
  readonly services: number;
  readonly endpoints: number;
  /** All services the same addresses, or each its own: then upstream connections are as many. */
  readonly addresses: 'shared' | 'distinct';
  readonly annotations?: Readonly<Record<string, string>>;
  /** Of each host; `/` for all below it. */
  readonly place?: Pick<IngressOptions, 'path' | 'pathType'>;
  readonly more?: (host: string, index: number) => readonly Manifest[];
  readonly tls?: (host: string, index: number) => IngressOptions['tls'];
};

export function hostOf(index: number): string {
  return `host-${index}.bench.example`;
}

export function services(
  upstream: Pick<Upstream, 'endpoint'>,
  options: ServicesOptions,
): readonly Manifest[] {
  const { services: count, endpoints, addresses, annotations = {}, place = {}, more = () => [] } = options;
  const objects: Manifest[] = [];
  for (let index = 0; index < count; index++) {
    const first = addresses === 'shared' ? 0 : index * endpoints;
    const own = Array.from({ length: endpoints }, (_, i) => upstream.endpoint(first + i));
    const name = `service-${index}`;
    const tls = options.tls?.(hostOf(index), index);
    objects.push(
      ...workload(name, own),
      ingress(`ingress-${index}`, {
        host: hostOf(index),
        service: name,
        annotations,
        ...place,
        ...(tls === undefined ? {} : { tls }),
      }),
      ...more(hostOf(index), index),
    );
  }
  return objects;
}

/** Of a case with so many. */
export function nameOfSize(services: number): string {
  return services === 1 ? '1 service' : `${services.toLocaleString('en-US')} services`;
}
