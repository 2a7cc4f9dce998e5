// CPU that a gateway has used, in milliseconds: the controller's own, and nginx with its children (each `nginx -t`
// and each worker that has ended is counted at its parent).

import { readFile } from 'node:fs/promises';

import type { ClusterGateway } from '../../cluster/support/gateway-in-cluster.ts';

export interface Usage {
  readonly controller: number;
  /** What the controller has waited for: `nginx -t` above all. */
  readonly children: number;
  readonly nginx: number;
}

export async function usageOf(gateway: ClusterGateway): Promise<Usage> {
  const own = await ticksOf(gateway.controller().pid);
  let nginx = 0;
  for (const pid of await gateway.proxy.masters()) {
    const { self, children } = await ticksOf(pid);
    nginx += self + children;
  }
  for (const pid of await gateway.proxy.workers()) nginx += (await ticksOf(pid)).self;
  return { controller: own.self, children: own.children, nginx };
}

export function usageBetween(a: Usage, b: Usage): Usage {
  return {
    controller: b.controller - a.controller,
    children: b.children - a.children,
    nginx: b.nginx - a.nginx,
  };
}

/** Ticks are hundredths of a second. */
async function ticksOf(pid: number): Promise<{ readonly self: number; readonly children: number }> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const ms = (...at: number[]) => at.reduce((sum, i) => sum + (fields[i] ?? 0), 0) * 10;
  return { self: ms(11, 12), children: ms(13, 14) };
}
