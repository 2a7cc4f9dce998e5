// What the findings about annotations do to traffic: most are only told, but where access may have been restricted
// nothing is served without it. Reasons never carry user text: they reach documents and answers.

import { quoteText } from '../model/diagnostic.ts';
import type { AnnotationReading, Finding } from '../options/annotations/read.ts';
import { annotationField, type Problem } from './report.ts';

export interface Judgement {
  /** Why nothing of this Ingress may be served, or null. */
  readonly denied: string | null;
  readonly problems: readonly Problem[];
}

export function judgeAnnotations(reading: AnnotationReading): Judgement {
  const reasons: string[] = [];
  const problems: Problem[] = [];
  for (const finding of reading.findings) {
    const reason = reasonOf(finding);
    if (reason !== null) reasons.push(reason);
    problems.push({ ...describe(finding), field: annotationField(finding.key) });
  }
  return { denied: reasons[0] ?? null, problems };
}

/** Of whatever denies an Ingress. */
export const CONSEQUENCE = 'every path of this Ingress answers 503 (a canary takes no traffic)';

function reasonOf(finding: Finding): string | null {
  if (finding.kind === 'gate') return `the annotation ${finding.name} is not supported yet`;
  if (finding.kind === 'snippet')
    return `the annotation ${finding.name} is never applied and may restrict access`;
  if (finding.kind === 'bad-value' && finding.gate) return `the annotation ${finding.name} cannot be read`;
  if (finding.kind !== 'unknown' || !finding.gate) return null;
  return finding.nearest === null
    ? 'an unknown annotation looks like one that restricts access'
    : `an unknown annotation looks like ${finding.nearest}, which may restrict access`;
}

function describe(finding: Finding): Omit<Problem, 'field'> {
  switch (finding.kind) {
    case 'bad-value':
      return {
        code: 'annotation-invalid',
        severity: 'error',
        message: `${finding.name} is ${quoteText(finding.value)}, but ${finding.error}${
          finding.gate ? `: ${CONSEQUENCE}` : '; its default is in force'
        }`,
        hint: 'Correct the value or remove the annotation.',
      };
    case 'unsupported':
      return {
        code: 'annotation-unsupported',
        severity: 'warning',
        message: `${finding.name} is not supported yet and has no effect`,
        hint: 'Remove the annotation if serving without it is meant.',
      };
    case 'gate':
      return {
        code: 'gate-unsupported',
        severity: 'error',
        message: `${finding.name} restricts access and is not supported yet: ${CONSEQUENCE}`,
        hint: 'Remove the annotation if serving without it is meant.',
      };
    case 'snippet':
      return {
        code: 'snippet-unsupported',
        severity: 'error',
        message: `${finding.name} is never applied, and may restrict access: ${CONSEQUENCE}`,
        hint: 'Use typed annotations instead; set it empty or remove it if serving without it is meant.',
      };
    case 'unknown':
      return {
        code: 'annotation-unknown',
        severity: finding.gate ? 'error' : 'warning',
        message: `${quoteText(finding.name)} is no annotation of this controller${
          finding.gate ? `, but may be meant to restrict access: ${CONSEQUENCE}` : ' and has no effect'
        }`,
        hint: finding.nearest === null ? 'Remove the annotation.' : `Was ${finding.nearest} meant?`,
      };
  }
}
