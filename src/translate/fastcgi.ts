// Parameters of FastCGI from the ConfigMap that an Ingress names. They stand in nginx.conf, so names and values are of
// strict grammar; one that is not denies the route, since leaving it out might run another program.

import { quoteText } from '../model/diagnostic.ts';
import type { ConfigMap } from '../model/kubernetes.ts';
import type { FastCgi } from '../model/upstream.ts';
import { isParamName, isParamText, PARAM_VARIABLES } from '../options/grammar/fastcgi-param.ts';
import { type Denial, fieldOf } from './denial.ts';
import type { Source } from './reading.ts';
import { referenceTo } from './report.ts';
import type { UpstreamWish } from './upstream-wish.ts';

export function readFastCgi(
  wish: UpstreamWish,
  source: Source,
  configMap: (key: string) => ConfigMap | undefined,
): { readonly fastcgi: FastCgi | null; readonly problem: Denial | null } {
  const { index, params } = wish;
  if (params === null) return { fastcgi: { index, params: [] }, problem: null };
  const { namespace } = source.ingress.metadata;
  const key = params.includes('/') ? params : `${namespace}/${params}`;
  if (!key.startsWith(`${namespace}/`))
    return deny(source, {
      code: 'configmap-foreign',
      reason: 'fastcgi-params-configmap is of another namespace',
      message: `fastcgi-params-configmap names ${quoteText(key)}, which is of another namespace`,
      hint: `Name a ConfigMap of namespace ${namespace}.`,
    });
  const found = configMap(key);
  if (found === undefined)
    return deny(source, {
      code: 'configmap-missing',
      reason: 'the ConfigMap of fastcgi-params-configmap is missing',
      message: `there is no ConfigMap ${quoteText(key)} for fastcgi-params-configmap`,
      hint: 'Create it among the manifests, or correct its name; from a cluster, no ConfigMap but that of --configmap is read.',
    });
  const entries = Object.entries(found.data).sort(([a], [b]) => (a < b ? -1 : 1));
  const wrong = entries.slice(0, MOST + 1).find(([name, value]) => !isParamName(name) || !isParamText(value));
  if (entries.length > MOST)
    return deny(source, {
      code: 'fastcgi-params-many',
      reason: 'fastcgi-params-configmap has too many parameters',
      message: `fastcgi-params-configmap has ${entries.length} parameters`,
      hint: `Name at most ${MOST}.`,
    });
  if (wrong !== undefined)
    return {
      fastcgi: null,
      problem: {
        code: 'fastcgi-param-invalid',
        severity: 'error',
        object: referenceTo(found),
        field: `data[${quoteText(wrong[0])}]`,
        reason: 'a parameter of fastcgi-params-configmap cannot be used',
        message: `the parameter ${quoteText(wrong[0])} is ${quoteText(wrong[1])}, which ${source.object} cannot pass on`,
        hint: `Names are up to 64 letters, digits and "_", and no headers (HTTP_…) but HTTP_HOST and HTTP_PROXY; values hold letters, digits, spaces, any of ._~/:@=,+&?%- and the variables ${[...PARAM_VARIABLES].map((name) => `$${name}`).join(', ')}.`,
      },
    };
  return { fastcgi: { index, params: entries.map(([name, value]) => ({ name, value })) }, problem: null };
}

const MOST = 200;

function deny(source: Source, problem: Pick<Denial, 'code' | 'reason' | 'message' | 'hint'>) {
  return {
    fastcgi: null,
    problem: {
      ...problem,
      severity: 'error',
      field: fieldOf(source, 'fastcgi-params-configmap'),
    } satisfies Denial as Denial,
  };
}
