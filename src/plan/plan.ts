// From what is in force and what is wanted to what must be done, with all its reasons. Compares digests of
// documents and of files, nothing else; performs nothing.

import type { Applied, Plan } from '../model/plan.ts';
import type { Rendered, RenderedFiles } from '../model/rendered.ts';
import { documentChange, isEmptyChange, settle } from './changes.ts';
import { planCompile } from './compile.ts';
import { withRetained } from './retention.ts';
import { changeReasons } from './sentences.ts';

export function plan(applied: Applied, rendered: Rendered): Plan {
  const wanted = withRetained(applied, rendered);
  const change = documentChange(applied.documents, wanted);
  const reasons = changeReasons(applied.documents, change, wanted);
  const compile = planCompile(applied, rendered);
  if (compile !== null) {
    return { kind: 'push+compile', reasons: [...reasons, ...compile.reasons], change, compile };
  }
  return isEmptyChange(change) ? { kind: 'nothing', reasons: [] } : { kind: 'push', reasons, change };
}

/** The change has been accepted. */
export const afterPush = settle;

export function compileStarted(applied: Applied, { digest, sections, compiled }: RenderedFiles): Applied {
  return { ...applied, compiling: { digest, sections, compiled } };
}

/** The files under way are live everywhere; keys that only the old ones named leave with the next plan. */
export function compileProven(applied: Applied): Applied {
  return { ...applied, files: applied.compiling, compiling: null };
}

/** The files before are live still. */
export function compileFailed(applied: Applied): Applied {
  return { ...applied, compiling: null };
}
