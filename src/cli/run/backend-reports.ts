// The endpoints of backends, as the last pass knows them and nginx does now, for whoever asks /state.

import type { Backend, BackendId, Model } from '../../model/model.ts';
import type { ConfigClient } from '../../nginx/publish/config-client.ts';
import { type BackendReport, backendReport } from '../../serve/backend-report.ts';

const MOST = 50;

/** @param name of a backend, or the beginning of one up to a slash; of many the first fifty. */
export async function backendReports(
  name: string,
  model: Pick<Model, 'backends' | 'servers' | 'defaultRoute'>,
  client: ConfigClient,
): Promise<readonly BackendReport[]> {
  const found: Backend[] = [];
  for (const backend of model.backends.values())
    if (backend.id === name || backend.id.startsWith(`${name}/`)) found.push(backend);
  found.sort((a, b) => (a.id < b.id ? -1 : 1));
  const users = usersOf(model);
  const reports: BackendReport[] = [];
  for (const backend of found.slice(0, MOST)) {
    const asked = await client.getHealth(backend.id);
    reports.push(
      backendReport(
        backend,
        [...(users.get(backend.id) ?? [])].sort(),
        asked.outcome === 'ok' ? asked.health : asked.message,
      ),
    );
  }
  return reports;
}

/** Who leads requests to a backend: the routes' Ingresses, and those of canaries. */
function usersOf({ servers, defaultRoute }: Pick<Model, 'servers' | 'defaultRoute'>) {
  const users = new Map<BackendId, Set<string>>();
  const add = (id: BackendId | null, object: string): void => {
    if (id === null) return;
    const objects = users.get(id) ?? new Set();
    users.set(id, objects.add(object));
  };
  const routes = [...servers.values()].flatMap(({ locations }) => locations.map(({ route }) => route));
  for (const route of defaultRoute === null ? routes : [...routes, defaultRoute]) {
    add(route.backend, route.object);
    add(route.failover, route.object);
    for (const canary of route.canaries) add(canary.backend, canary.object);
  }
  return users;
}
