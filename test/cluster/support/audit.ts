// What the controller asked the API server for, and what its roles let it ask for, in one notation.
import { readFile } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';
import type { Thing } from './api.ts';

/** `patch networking.k8s.io/ingresses/status in every namespace`; of the core group `list /pods in NAMESPACE`. */
export type Right = string;

export type Asked = { readonly right: Right; readonly status: number };

/** Each request once, with where it was made. */
export async function readAudit(file: string): Promise<readonly Asked[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const { verb, objectRef = {}, responseStatus = {} } = JSON.parse(line) as Thing;
    const { apiGroup = '', resource = '', subresource, namespace } = objectRef;
    const what = `${apiGroup}/${resource}${subresource === undefined ? '' : `/${subresource}`}`;
    return { right: `${verb} ${what} in ${namespace ?? EVERYWHERE}`, status: responseStatus.code ?? 0 };
  });
}

export const EVERYWHERE = 'every namespace';

/** What the roles of a file say. */
export async function readRights(file: string): Promise<readonly Right[]> {
  const documents = parseAllDocuments(await readFile(file, 'utf8')).map(
    (document) => document.toJS() as Thing,
  );
  const roles = documents.filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole');
  return roles.flatMap(({ kind, metadata, rules }) =>
    rules.flatMap(({ apiGroups, resources, verbs }: Thing) =>
      apiGroups.flatMap((group: string) =>
        resources.flatMap((resource: string) =>
          verbs.map((verb: string) => {
            const where = kind === 'ClusterRole' ? EVERYWHERE : metadata.namespace;
            return `${verb} ${group}/${resource} in ${where}`;
          }),
        ),
      ),
    ),
  );
}

/** The rights among `granted` by which a request is let in: one for every namespace is good in each. */
export function usedOf(granted: readonly Right[], asked: readonly Asked[]): readonly Right[] {
  const has = new Set(granted);
  const used = asked
    .filter(({ status }) => status !== 403)
    .map(({ right }) => (has.has(right) ? right : right.replace(/ in .*$/, ` in ${EVERYWHERE}`)));
  return [...new Set(used)].toSorted();
}

export function refusedOf(asked: readonly Asked[]): readonly Right[] {
  return [...new Set(asked.filter(({ status }) => status === 403).map(({ right }) => right))].toSorted();
}
