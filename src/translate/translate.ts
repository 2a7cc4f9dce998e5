// Snapshot → Model: what Kubernetes objects mean for a gateway. Pure; the closure only remembers results by the
// identity of what they were made from, so a translator that has seen a thousand snapshots and a fresh one agree.

import { forgetful } from '../model/forgetful.ts';
import type { Secret } from '../model/kubernetes.ts';
import type { Model } from '../model/model.ts';
import type { KeptCertificate, Snapshot } from '../model/snapshot.ts';
import { createAddition } from './addition.ts';
import { type Backends, createBackends } from './backends.ts';
import { createClaims } from './claims.ts';
import { readClasses } from './class.ts';
import { readConfigMap, readDefaultCertificate, withDefaultCertificate } from './configuration.ts';
import { type DefaultRoute, readDefaultRoute } from './default-route.ts';
import { createGathering } from './diagnostics.ts';
import { memoizeLast } from './memo.ts';
import type { TranslateOptions } from './options.ts';
import type { BackendReference } from './ports.ts';
import { createSliceIndex } from './slices.ts';
import { createStapled } from './staples.ts';
import { createStructure, type Structure } from './structure.ts';

/**
 * The diagnostics of the Model include those of the snapshot. Certificates that ran out are not among them: that
 * takes a clock, see `expiry.ts`. A Secret that turned bad falls back to what the snapshot says was kept of it, else
 * to the default certificate.
 */
export function createTranslator(options: TranslateOptions): (snapshot: Snapshot) => Model {
  return forgetful(() => remembering(options));
}

function remembering(options: TranslateOptions): (snapshot: Snapshot) => Model {
  const config = memoizeLast((found: Parameters<typeof readConfigMap>[0]) => readConfigMap(found, options));
  const shown = memoizeLast((...[found, kept]: DefaultSources) =>
    readDefaultCertificate(found, kept, options),
  );
  const settings = memoizeLast(withDefaultCertificate);
  const classes = memoizeLast((found: Snapshot['ingressClasses']) => readClasses(found, options));
  const claims = memoizeLast(createClaims(options));
  const structure = memoizeLast(createStructure());
  const fallback = memoizeLast(readDefaultRoute);
  const references = createAddition<BackendReference>();
  const slices = createSliceIndex();
  const backends = createBackends({
    disableExternalName: options.disableSvcExternalName,
    zone: options.enableTopologyAwareRouting && options.topologyZone !== '' ? options.topologyZone : null,
  });
  const certificates = memoizeLast(createStapled());
  const diagnostics = createGathering();
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
      identities: built.identities,
      authorities: built.authorities,
      defaultRoute: rest.route,
      diagnostics: said,
    }),
  );

  return (snapshot) => {
    const configured = config(snapshot.configMaps.get(options.configmap));
    const { defaultSslCertificate } = options;
    const standard = shown(
      snapshot.secrets.get(defaultSslCertificate),
      snapshot.kept.get(defaultSslCertificate),
    );
    const wanted = claims(snapshot.ingresses, classes(snapshot.ingressClasses), configured);
    const built = structure(wanted, snapshot.services, snapshot.secrets, snapshot.kept, snapshot.configMaps);
    const { defaultBackendService } = options;
    const rest = fallback(defaultBackendService, snapshot.services.get(defaultBackendService), configured);
    const ends = backends({
      references: references(built.references, rest.reference),
      services: snapshot.services,
      slices: slices(snapshot.endpointSlices),
      resolved: snapshot.resolved,
    });
    return assemble(
      settings(configured.settings, standard.certificate),
      built,
      ends,
      rest,
      certificates(
        built,
        standard.certificate,
        configured.settings.ocspStapling ? snapshot.staples : NO_STAPLES,
      ),
      diagnostics(
        [snapshot.diagnostics, configured.diagnostics, standard.diagnostics, rest.diagnostics],
        [wanted.diagnostics, built.diagnostics, ends.diagnostics],
      ),
    );
  };
}

const NO_STAPLES: Snapshot['staples'] = new Map();

type DefaultSources = readonly [Secret | undefined, KeptCertificate | undefined];
