// Annotations that have no effect because another one is missing.

import { type AnnotationField, type AnnotationValues, SUPPORTED_ANNOTATIONS } from '../options/registry.ts';
import { annotationField, type Problem } from './report.ts';

/**
 * One problem for each that is there; a switch that is off asks for nothing.
 *
 * @param prefix of our annotations, without the slash.
 */
export function idleAnnotations(
  values: AnnotationValues,
  fields: readonly AnnotationField[],
  needs: string,
  prefix: string,
): readonly Problem[] {
  return fields
    .filter((field) => values[field] !== undefined && values[field] !== false)
    .map((field) => {
      const { name } = SUPPORTED_ANNOTATIONS[field];
      return {
        code: 'annotation-idle',
        severity: 'warning',
        field: annotationField(`${prefix}/${name}`),
        message: `${name} has no effect without ${needs}`,
        hint: 'Set what it needs, or remove it.',
      };
    });
}
