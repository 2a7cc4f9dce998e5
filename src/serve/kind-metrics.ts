// Per kind of object of a cluster: whether it is known, how fresh, and what its lists and watches went through.

import { Counter, Gauge, type Registry } from 'prom-client';
import type { KindReport } from './state.ts';

export interface KindMetrics {
  set(kinds: readonly KindReport[]): void;
}

export function createKindMetrics(registers: Registry[]): KindMetrics {
  const gauge = (name: string, help: string) =>
    new Gauge({ name: `ingress_openresty_${name}`, help, labelNames: ['kind'], registers });
  const counter = (name: string, help: string, more: readonly string[] = []) =>
    new Counter({ name: `ingress_openresty_${name}`, help, labelNames: ['kind', ...more], registers });

  const synced = gauge('synced', 'Whether a kind was listed in full since the start, or is done without');
  const troubled = gauge('troubled', 'Whether a kind is out of date at present; /state says why');
  const age = gauge(
    'last_event_age_seconds',
    'Since the API server last said anything about a kind; watches are renewed each ten seconds',
  );
  const objects = gauge('objects', 'Objects that are kept; of Secrets only those that are named');
  const held = gauge('held_objects', 'Objects in force although the last list lacked them');
  const lists = counter('lists_total', 'Full lists of a kind');
  const failures = counter('list_watch_failures_total', 'Lists and watches that failed, by reason', [
    'reason',
  ]);
  const restarts = counter(
    'watch_restarts_total',
    'Watches that ended, by reason; the reason ended is in order, about each ten seconds',
    ['reason'],
  );

  return {
    set(kinds) {
      // The totals are counted elsewhere; what a scrape shows is what they are now.
      for (const metric of [synced, troubled, age, objects, held, lists, failures, restarts]) metric.reset();
      for (const one of kinds) {
        const { kind } = one;
        synced.set({ kind }, one.synced ? 1 : 0);
        troubled.set({ kind }, one.trouble === null ? 0 : 1);
        if (one.ageSeconds !== null) age.set({ kind }, one.ageSeconds);
        objects.set({ kind }, one.objects);
        held.set({ kind }, one.heldObjects);
        lists.inc({ kind }, one.lists);
        for (const [reason, count] of Object.entries(one.failures)) failures.inc({ kind, reason }, count);
        for (const [reason, count] of Object.entries(one.watchRestarts))
          restarts.inc({ kind, reason }, count);
      }
    },
  };
}
