// Snapshot → Model: what Kubernetes objects mean for a gateway. Pure; the closure only remembers results by the
// identity of what they were made from, so a translator that has seen a thousand snapshots and a fresh one agree.

import { compareDiagnostics, type Diagnostic } from '../model/diagnostic.ts';
import type { Model } from '../model/model.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { type Backends, createBackends } from './backends.ts';
import { createClaims } from './claims.ts';
import { readClasses } from './class.ts';
import { readConfigMap, readDefaultCertificate, withDefaultCertificate } from './configuration.ts';
import { type DefaultRoute, readDefaultRoute } from './default-route.ts';
import { memoizeLast } from './memo.ts';
import type { TranslateOptions } from './options.ts';
import { compareText } from './order.ts';
import { createSliceIndex } from './slices.ts';
import { createStructure, type Structure } from './structure.ts';

/**
 * The diagnostics of the Model include those of the snapshot. Certificates that ran out are not among them: that
 * takes a clock, see `expiry.ts`. A Secret that turned bad falls back to the default certificate at once; nothing
 * is remembered of what it held before.
 */
export function createTranslator(options: TranslateOptions): (snapshot: Snapshot) => Model {
  const config = memoizeLast((found: Parameters<typeof readConfigMap>[0]) => readConfigMap(found, options));
  const shown = memoizeLast((found: Parameters<typeof readDefaultCertificate>[0]) =>
    readDefaultCertificate(found, options),
  );
  const settings = memoizeLast(withDefaultCertificate);
  const classes = memoizeLast((found: Snapshot['ingressClasses']) => readClasses(found, options));
  const claims = memoizeLast(createClaims(options));
  const structure = memoizeLast(createStructure());
  const fallback = memoizeLast(readDefaultRoute);
  const references = memoizeLast(allReferences);
  const slices = createSliceIndex();
  const backends = createBackends(options.disableSvcExternalName);
  const certificates = memoizeLast(allCertificates);
  const diagnostics = memoizeLast(gather);
  const assemble = memoizeLast(
    (
      ...[set, built, ends, rest, certs, said]: readonly [
        Model['settings'],
        Structure,
        Backends,
        DefaultRoute,
        Model['certificates'],
        Model['diagnostics'],
      ]
    ): Model => ({
      settings: set,
      servers: built.servers,
      backends: ends.backends,
      certificates: certs,
      defaultRoute: rest.route,
      diagnostics: said,
    }),
  );

  return (snapshot) => {
    const configured = config(snapshot.configMaps.get(options.configmap));
    const standard = shown(snapshot.secrets.get(options.defaultSslCertificate));
    const wanted = claims(snapshot.ingresses, classes(snapshot.ingressClasses), configured);
    const built = structure(wanted, snapshot.services, snapshot.secrets);
    const { defaultBackendService } = options;
    const rest = fallback(defaultBackendService, snapshot.services.get(defaultBackendService), configured);
    const ends = backends({
      references: references(built, rest),
      services: snapshot.services,
      slices: slices(snapshot.endpointSlices),
      resolved: snapshot.resolved,
    });
    return assemble(
      settings(configured.settings, standard.certificate),
      built,
      ends,
      rest,
      certificates(built, standard.certificate),
      diagnostics(
        snapshot.diagnostics,
        configured.diagnostics,
        standard.diagnostics,
        wanted.diagnostics,
        built.diagnostics,
        rest.diagnostics,
        ends.diagnostics,
      ),
    );
  };
}

function allReferences(structure: Structure, rest: DefaultRoute): Structure['references'] {
  const all = new Map(structure.references);
  if (rest.reference !== null) all.set(rest.reference.id, rest.reference);
  return new Map([...all].sort(([a], [b]) => compareText(a, b)));
}

function allCertificates(structure: Structure, standard: DefaultCertificateOf): Model['certificates'] {
  const all = new Map(structure.certificates);
  if (standard !== null) all.set(standard.id, standard);
  return new Map([...all].sort(([a], [b]) => compareText(a, b)));
}

type DefaultCertificateOf = Parameters<typeof withDefaultCertificate>[1];

/** Sorted, each once: several hosts may find the same fault. */
function gather(...lists: readonly (readonly Diagnostic[])[]): readonly Diagnostic[] {
  const sorted = lists.flat().sort(compareDiagnostics);
  return sorted.filter((item, index) => {
    const before = sorted[index - 1];
    return before === undefined || compareDiagnostics(before, item) !== 0;
  });
}
