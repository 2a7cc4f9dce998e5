// Which Ingresses are ours, as ingress-nginx decides it: `spec.ingressClassName` beats the annotation, and must name
// an IngressClass of our controller. Being level-triggered, a class that is created later is simply seen.

import { quoteText } from '../model/diagnostic.ts';
import type { Ingress, IngressClass } from '../model/kubernetes.ts';
import type { TranslateOptions } from './options.ts';
import { compareText } from './order.ts';
import type { Problem } from './report.ts';

const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';
const DEFAULT_ANNOTATION = 'ingressclass.kubernetes.io/is-default-class';

export interface Classes {
  readonly known: ReadonlySet<string>;
  readonly ours: ReadonlySet<string>;
  /** Whether an Ingress without any class is ours. */
  readonly classless: boolean;
}

export function readClasses(
  ingressClasses: ReadonlyMap<string, IngressClass>,
  options: TranslateOptions,
): Classes {
  const all = [...ingressClasses.values()];
  const ours = new Set(all.filter((item) => isOurs(item, options)).map((item) => item.metadata.name));
  // Admission picks the newest of several default classes, then the first by name.
  const [standard] = all
    .filter((item) => annotation(item, DEFAULT_ANNOTATION) === 'true')
    .toSorted(
      (a, b) =>
        compareText(b.metadata.creationTimestamp, a.metadata.creationTimestamp) ||
        compareText(a.metadata.name, b.metadata.name),
    );
  const classless =
    options.watchIngressWithoutClass ||
    (options.applyDefaultClass && standard !== undefined && ours.has(standard.metadata.name));
  return { known: new Set(all.map((item) => item.metadata.name)), ours, classless };
}

export function selectsIngress(ingress: Ingress, classes: Classes, options: TranslateOptions): boolean {
  if (options.watchNamespace !== '' && ingress.metadata.namespace !== options.watchNamespace) return false;
  if (ingress.ingressClassName !== undefined) return classes.ours.has(ingress.ingressClassName);
  const named = annotation(ingress, CLASS_ANNOTATION);
  if (named === undefined) return classes.classless;
  return named === options.ingressClass || (named === '' && options.watchIngressWithoutClass);
}

/** Worth saying about an Ingress that is not ours: nobody else seems to claim it either. */
export function unknownClass(ingress: Ingress, classes: Classes, options: TranslateOptions): Problem | null {
  const name = ingress.ingressClassName;
  if (name === undefined || classes.known.has(name)) return null;
  if (options.watchNamespace !== '' && ingress.metadata.namespace !== options.watchNamespace) return null;
  return {
    code: 'class-unknown',
    severity: 'info',
    field: 'spec.ingressClassName',
    message: `no IngressClass ${quoteText(name)} is known, so this Ingress is not served`,
    hint: `Create an IngressClass of that name with spec.controller ${options.controllerClass}, or correct the name.`,
  };
}

function isOurs(item: IngressClass, options: TranslateOptions): boolean {
  return (
    item.controller === options.controllerClass ||
    (options.ingressClassByName && item.metadata.name === options.ingressClass)
  );
}

function annotation(object: Ingress | IngressClass, key: string): string | undefined {
  return Object.hasOwn(object.metadata.annotations, key) ? object.metadata.annotations[key] : undefined;
}
