// One Ingress with annotations, and what its backend comes to.
import type { Ingress } from '../../../../src/model/kubernetes.ts';
import type { Model } from '../../../../src/model/model.ts';
import { codes, configMap, ingress, ours, path, routes, translate } from './objects.ts';

export const asking = (
  name: string,
  annotations: Record<string, string>,
  host = `${name}.example`,
): Ingress =>
  ingress(name, { rules: [{ host, paths: [path('/')] }], metadata: { annotations: ours(annotations) } });
export const backendOf = (model: Model, host: string) =>
  model.backends.get(routes(model, host)[0]?.backend ?? '');
export const balanced = (annotations: Record<string, string>, settings: Record<string, string> = {}) => {
  const model = translate([asking('a', annotations), configMap(settings)], { configmap: 'ingress/config' });
  const backend = backendOf(model, 'a.example');
  return {
    balancing: backend?.balancing,
    plain: backend?.id === 'default/web/80',
    measured: routes(model, 'a.example')[0]?.profile.measured === true,
    codes: codes(model),
  };
};
export const told = (severity: string, code: string, name: string) =>
  `${severity} ${code} Ingress/default/a metadata.annotations['nginx.ingress.kubernetes.io/${name}']`;
