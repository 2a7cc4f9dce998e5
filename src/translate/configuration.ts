// What is decided once for all hosts: settings, and whether the default certificate that a flag names can be used.

import { type Diagnostic, quoteText } from '../model/diagnostic.ts';
import type { ConfigMap, Secret } from '../model/kubernetes.ts';
import type { Certificate } from '../model/model.ts';
import type { Settings } from '../model/settings.ts';
import type { KeptCertificate } from '../model/snapshot.ts';
import { type ConfigMapReading, parseConfigMap } from '../options/configmap/parse.ts';
import { readCertificate } from './certificates.ts';
import type { TranslateOptions } from './options.ts';
import { referenceTo } from './report.ts';

export function readConfigMap(configMap: ConfigMap | undefined, options: TranslateOptions): ConfigMapReading {
  const reading = parseConfigMap(configMap, options);
  const said = [...reading.diagnostics];
  if (configMap === undefined && options.configmap !== '') said.push(missingConfigMap(options));
  if (options.enableTopologyAwareRouting && options.topologyZone === '') said.push(NO_ZONE);
  return { ...reading, diagnostics: said };
}

function missingConfigMap(options: TranslateOptions): Diagnostic {
  return {
    code: 'configmap-missing',
    severity: 'warning',
    object: 'Flag/--configmap',
    field: '',
    message: `there is no ConfigMap ${quoteText(options.configmap)}; the defaults are in force`,
    hint: 'Create it, or correct the flag.',
  };
}

const NO_ZONE: Diagnostic = {
  code: 'topology-zone-missing',
  severity: 'warning',
  object: 'Flag/--enable-topology-aware-routing',
  field: '',
  message: 'it is not known which zone we are in; endpoints of all zones are used',
  hint: 'Give --topology-zone, as the label topology.kubernetes.io/zone of the node has it.',
};

export interface DefaultCertificate {
  readonly certificate: Certificate | null;
  readonly diagnostics: readonly Diagnostic[];
}

export function readDefaultCertificate(
  secret: Secret | undefined,
  kept: KeptCertificate | undefined,
  options: TranslateOptions,
): DefaultCertificate {
  if (options.defaultSslCertificate === '') return { certificate: null, diagnostics: [] };
  if (secret === undefined)
    return {
      certificate: null,
      diagnostics: [
        {
          code: 'secret-missing',
          severity: 'error',
          object: 'Flag/--default-ssl-certificate',
          field: '',
          message: `there is no Secret ${quoteText(options.defaultSslCertificate)}; a self-made certificate is shown instead`,
          hint: 'Create it, or correct the flag.',
        },
      ],
    };
  const reading = readCertificate(secret, kept);
  const object = referenceTo(secret);
  if (reading.ok) {
    const { certificate, problem } = reading;
    return { certificate, diagnostics: problem === null ? [] : [{ ...problem, object }] };
  }
  const message = `${reading.problem.message}; a self-made certificate is shown instead`;
  return { certificate: null, diagnostics: [{ ...reading.problem, message, object }] };
}

export function withDefaultCertificate(settings: Settings, certificate: Certificate | null): Settings {
  return { ...settings, defaultCertificate: certificate?.id ?? null };
}
