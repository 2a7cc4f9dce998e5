// What /state says, put together from the loop's report and the last look at nginx.

import type { Sighting } from '../../nginx/publish/watch.ts';
import type { ReportFacts } from '../../reconcile/report.ts';
import type { StateReport } from '../../serve/state.ts';

export interface StateInputs {
  readonly facts: ReportFacts;
  readonly sighting: Sighting | null;
  /** The accepted set is known to be in force in every live instance. */
  readonly inForce: boolean;
  readonly settledOnce: boolean;
  /** Why the source may hold more than is known; empty when it does not. */
  readonly source: readonly string[];
  readonly kinds: StateReport['kinds'];
  readonly epoch: number;
  readonly generation: number;
  readonly notes: readonly string[];
}

export function stateReport(inputs: StateInputs): StateReport {
  const { facts, sighting, inForce } = inputs;
  const running = sighting?.up ?? false;
  const served = facts.caughtUp && running && inForce && inputs.source.length === 0;
  // Who waits for `settled` may count reloads from there on, or look at workers.
  const settled = served && !facts.reloadToCome;
  const instances = sighting?.instances ?? [];
  return {
    settled,
    settledOnce: inputs.settledOnce || served,
    epoch: inputs.epoch,
    generation: inputs.generation,
    workers: instances
      .flatMap((instance) => instance.workers)
      .filter((worker) => !worker.shuttingDown)
      .map(({ pid, generation }) => ({ pid, generation })),
    lastPlan: facts.lastPlan,
    reloads: facts.reloads,
    pushes: facts.pushes,
    diagnostics: facts.diagnostics,
    hosts: facts.hosts,
    endpoints: {
      out: Math.max(0, ...instances.map(({ health }) => health.out)),
      panic: [...new Set(instances.flatMap(({ health }) => health.panic))].sort(),
    },
    kinds: inputs.kinds,
    waiting: settled ? [] : waitingFor(inputs, running),
    files: facts.filesDigest === null ? null : { digest: facts.filesDigest },
    nginx: {
      running,
      masters: instances.map((instance) => instance.instance.master),
      draining: instances
        .flatMap((instance) => instance.workers)
        .filter((worker) => worker.shuttingDown)
        .map(({ pid }) => pid),
      notes: [...inputs.notes, ...new Set(instances.flatMap((instance) => instance.loaded))],
    },
  };
}

function waitingFor({ facts, sighting, inForce, source }: StateInputs, running: boolean): readonly string[] {
  const waiting: string[] = [...source, ...facts.waiting];
  if (facts.reloadToCome)
    waiting.push('hosts get servers of their own by a first reload; until then Lua serves them');
  if (!running) waiting.push('no nginx of this prefix answers on the control socket');
  else if (!inForce) waiting.push(sighting?.trouble ?? 'nginx has not confirmed the last change yet');
  return waiting;
}
