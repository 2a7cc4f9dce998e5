// The endpoints of backends, as the last pass knows them and nginx does now, for whoever asks /state.

import type { Backend, Model } from '../../model/model.ts';
import type { ConfigClient } from '../../nginx/publish/config-client.ts';
import { type BackendReport, backendReport } from '../../serve/backend-report.ts';

const MOST = 50;

/** @param name of a backend, or the beginning of one up to a slash; of many the first fifty. */
export async function backendReports(
  name: string,
  backends: Model['backends'],
  client: ConfigClient,
): Promise<readonly BackendReport[]> {
  const found: Backend[] = [];
  for (const backend of backends.values())
    if (backend.id === name || backend.id.startsWith(`${name}/`)) found.push(backend);
  found.sort((a, b) => (a.id < b.id ? -1 : 1));
  const reports: BackendReport[] = [];
  for (const backend of found.slice(0, MOST)) {
    const asked = await client.getHealth(backend.id);
    reports.push(backendReport(backend, asked.outcome === 'ok' ? asked.health : asked.message));
  }
  return reports;
}
