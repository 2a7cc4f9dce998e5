// What flags say about translation. Names and defaults are those of ingress-nginx's flags.

export interface TranslateOptions {
  /** Value of the annotation `kubernetes.io/ingress.class`, and with `ingressClassByName` the name of our class. */
  readonly ingressClass: string;
  /** `spec.controller` of our IngressClasses. */
  readonly controllerClass: string;
  readonly watchIngressWithoutClass: boolean;
  readonly ingressClassByName: boolean;
  /**
   * Whether an Ingress without a class belongs to the default IngressClass. An API server has already written the
   * class into the object; manifests never met one.
   */
  readonly applyDefaultClass: boolean;
  /** `''`: all. */
  readonly watchNamespace: string;
  /** `namespace/name`, or `''`. */
  readonly configmap: string;
  readonly defaultBackendService: string;
  readonly defaultSslCertificate: string;
  /** Ignore Ingresses that have a `spec.defaultBackend`. */
  readonly disableCatchAll: boolean;
  readonly disableSvcExternalName: boolean;
  readonly enableTopologyAwareRouting: boolean;
  /** `''`: not known, and hints of slices do not count. */
  readonly topologyZone: string;
  readonly annotationsPrefix: string;
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly ipv6: boolean;
}

export const DEFAULT_TRANSLATE_OPTIONS: TranslateOptions = {
  ingressClass: 'nginx',
  controllerClass: 'k8s.io/ingress-nginx',
  watchIngressWithoutClass: false,
  ingressClassByName: false,
  applyDefaultClass: true,
  watchNamespace: '',
  configmap: '',
  defaultBackendService: '',
  defaultSslCertificate: '',
  disableCatchAll: false,
  disableSvcExternalName: false,
  enableTopologyAwareRouting: false,
  topologyZone: '',
  annotationsPrefix: 'nginx.ingress.kubernetes.io',
  httpPort: 80,
  httpsPort: 443,
  ipv6: true,
};
