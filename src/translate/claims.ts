// Who wants which host: the claims of all Ingresses that are ours, oldest first.

import type { Diagnostic } from '../model/diagnostic.ts';
import type { Ingress } from '../model/kubernetes.ts';
import type { ConfigMapReading } from '../options/configmap/parse.ts';
import { type Classes, selectsIngress, unknownClass } from './class.ts';
import type { TranslateOptions } from './options.ts';
import { compareIngresses } from './order.ts';
import { type Claim, type Reading, readIngress } from './reading.ts';
import { referenceTo } from './report.ts';

export interface Claims {
  readonly hosts: ReadonlyMap<string, readonly Claim[]>;
  readonly diagnostics: readonly Diagnostic[];
}

/** Remembers the reading of each Ingress under the ConfigMap of the last call. */
export function createClaims(
  options: TranslateOptions,
): (ingresses: ReadonlyMap<string, Ingress>, classes: Classes, config: ConfigMapReading) => Claims {
  let readings = new WeakMap<Ingress, Reading>();
  let readUnder: ConfigMapReading | undefined;
  return (ingresses, classes, config) => {
    if (readUnder !== config) readings = new WeakMap();
    readUnder = config;
    const read = (ingress: Ingress): Reading => {
      const reading = readings.get(ingress) ?? readIngress(ingress, config, options);
      readings.set(ingress, reading);
      return reading;
    };

    const diagnostics: Diagnostic[] = [];
    const ours: Ingress[] = [];
    for (const ingress of ingresses.values()) {
      if (selectsIngress(ingress, classes, options)) ours.push(ingress);
      else {
        const problem = unknownClass(ingress, classes, options);
        if (problem !== null) diagnostics.push({ ...problem, object: referenceTo(ingress) });
      }
    }
    const hosts = new Map<string, Claim[]>();
    for (const ingress of ours.sort(compareIngresses)) {
      const reading = read(ingress);
      if (reading.diagnostics.length > 0) diagnostics.push(...reading.diagnostics);
      for (const claim of reading.claims) {
        const list = hosts.get(claim.host);
        if (list === undefined) hosts.set(claim.host, [claim]);
        else list.push(claim);
      }
    }
    return { hosts, diagnostics };
  };
}
