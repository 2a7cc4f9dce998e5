// Flags → what `translate` needs of them.

import type { Flags } from '../options/flags.ts';
import type { TranslateOptions } from '../translate/options.ts';

/** @param ipv6 whether this machine can bind IPv6 addresses; `render` assumes that it can. */
export function translateOptions(flags: Flags, ipv6: boolean): TranslateOptions {
  return {
    ingressClass: flags.ingressClass,
    controllerClass: flags.controllerClass,
    ingressClassByName: flags.ingressClassByName,
    watchIngressWithoutClass: flags.watchIngressWithoutClass,
    // Manifests never met an API server, which would have written the default class into them.
    applyDefaultClass: flags.kubeconfig === null,
    watchNamespace: flags.watchNamespace ?? '',
    configmap: flags.configmap ?? '',
    defaultBackendService: flags.defaultBackendService ?? '',
    defaultSslCertificate: flags.defaultSslCertificate ?? '',
    disableCatchAll: flags.disableCatchAll,
    disableSvcExternalName: flags.disableSvcExternalName,
    enableTopologyAwareRouting: flags.enableTopologyAwareRouting,
    topologyZone: flags.topologyZone ?? '',
    annotationsPrefix: flags.annotationsPrefix,
    httpPort: flags.httpPort,
    httpsPort: flags.httpsPort,
    ipv6,
  };
}
