// Which objects are served when namespaces are chosen by their labels: those in a namespace that has them now, and
// those that flags name.

import type { KubernetesObject, ObjectName } from '../../model/kubernetes.ts';
import { objectName, SERVICE_NAME_LABEL } from '../../model/kubernetes.ts';
import type { FeedOptions } from './feeds.ts';
import { createStore, type Store } from './store.ts';
import type { IsServed } from './view.ts';

export interface Served {
  /** Of the Namespaces that the selector matches. */
  readonly store: Store<{ readonly name: string }>;
  /** The same function until the set of namespaces changes. */
  isServed(): IsServed;
  /** @param reference `Ingress/default/shop`. */
  isServedReference(reference: string): boolean;
}

export function createServed(
  { defaultSecret, defaultBackend }: Pick<FeedOptions, 'defaultSecret' | 'defaultBackend'>,
  { hold, onChange }: { readonly hold: number; readonly onChange: () => void },
): Served {
  const store = createStore<{ readonly name: string }>({
    project: ({ metadata }) => ({ object: { name: String((metadata as { name?: unknown }).name) } }),
    hold,
    onChange,
  });
  let names: ReadonlyMap<ObjectName, unknown> | null = null;
  let isServed: IsServed = null;
  return {
    store,
    isServed() {
      const current = store.objects();
      if (current !== names || isServed === null)
        isServed = (object) => isNamed(object) || has(current, object);
      names = current;
      return isServed;
    },
    isServedReference(reference) {
      const [, namespace = '', name] = reference.split('/');
      return name === undefined || store.objects().has(namespace);
    },
  };

  function isNamed(object: KubernetesObject): boolean {
    const { kind, metadata } = object;
    if (kind === 'Secret') return objectName(metadata) === defaultSecret;
    if (kind === 'Service') return objectName(metadata) === defaultBackend;
    if (kind !== 'EndpointSlice') return false;
    return `${metadata.namespace}/${metadata.labels[SERVICE_NAME_LABEL] ?? ''}` === defaultBackend;
  }
}

function has(namespaces: ReadonlyMap<ObjectName, unknown>, { metadata }: KubernetesObject): boolean {
  return metadata.namespace === '' || namespaces.has(metadata.namespace);
}
