// Which Ingresses a Model is made of, kept from one Model to the next: an endpoint that moves costs nothing here.

import type { ObjectName } from '../../model/kubernetes.ts';
import type { Model, Server } from '../../model/model.ts';
import { mapChanges } from '../../model/patched-map.ts';

/** @returns a function that gives the same set as long as it is. */
export function createServedIngresses(): (model: Model) => ReadonlySet<ObjectName> {
  const servers = new Map<ObjectName, number>();
  let seen: Model['servers'] = new Map();
  let served: ReadonlySet<ObjectName> = new Set();
  return ({ servers: now }) => {
    const moved = new Set<ObjectName>();
    for (const { before, after } of mapChanges(seen, now)) {
      for (const name of ingressesOf(after)) count(name, 1);
      for (const name of ingressesOf(before)) count(name, -1);
    }
    seen = now;
    if ([...moved].some((name) => servers.has(name) !== served.has(name))) served = new Set(servers.keys());
    return served;

    function count(name: ObjectName, by: 1 | -1): void {
      const number = (servers.get(name) ?? 0) + by;
      if (number === 0) servers.delete(name);
      else servers.set(name, number);
      moved.add(name);
    }
  };
}

function ingressesOf(server: Server | undefined): readonly ObjectName[] {
  const own = new Set(server?.objects.filter((object) => object.startsWith(PREFIX)));
  return [...own].map((object) => object.slice(PREFIX.length));
}

const PREFIX = 'Ingress/';
