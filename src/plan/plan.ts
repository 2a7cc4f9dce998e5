// What is in force, from one step of putting a plan in force to the next.

import type { Applied, Plan } from '../model/plan.ts';
import type { Rendered, RenderedFiles } from '../model/rendered.ts';
import { settle } from './changes.ts';
import { createPlanner } from './planner.ts';

/** One plan by itself; whoever plans again and again keeps a planner. */
export function plan(applied: Applied, rendered: Rendered): Plan {
  return createPlanner()(applied, rendered);
}

/** The change has been accepted. */
export const afterPush = settle;

export function compileStarted(applied: Applied, files: RenderedFiles): Applied {
  const { digest, sections, compiled, terms = NO_TERMS } = files;
  return { ...applied, compiling: { digest, sections, compiled, terms } };
}

const NO_TERMS: ReadonlyMap<string, string> = new Map();

/** The files under way are live everywhere; keys that only the old ones named leave with the next plan. */
export function compileProven(applied: Applied): Applied {
  return { ...applied, files: applied.compiling, compiling: null };
}

/** The files before are live still. */
export function compileFailed(applied: Applied): Applied {
  return { ...applied, compiling: null };
}
