// The ConfigMap of --configmap, read key by key: what cannot be used keeps its default and says so.

import { compareDiagnostics, type Diagnostic, quoteText } from '../../model/diagnostic.ts';
import { type ConfigMap, objectReference } from '../../model/kubernetes.ts';
import type { Settings } from '../../model/settings.ts';
import { nearestNames } from '../annotations/nearest.ts';
import { BALANCING_KEYS } from './balancing.ts';
import { CLIENT_KEYS } from './clients.ts';
import type { ConfigKey } from './declaration.ts';
import { LISTENER_KEYS } from './listeners.ts';
import { type ConfigValues, commonAlgorithm, type SettingsBase, settingsOf } from './settings.ts';
import { TLS_KEYS } from './tls.ts';
import { UNSUPPORTED_KEYS } from './unsupported.ts';
import { UPSTREAM_KEYS } from './upstreams.ts';

export interface ConfigMapReading {
  readonly settings: Settings;
  /** Why no route may be served: a key that restricts access is set and not in force. */
  readonly denied: string | null;
  readonly diagnostics: readonly Diagnostic[];
}

export const CONFIG_KEYS = {
  ...LISTENER_KEYS,
  ...CLIENT_KEYS,
  ...TLS_KEYS,
  ...UPSTREAM_KEYS,
  ...BALANCING_KEYS,
};

const BY_NAME: ReadonlyMap<string, readonly [field: string, declared: ConfigKey<unknown>]> = new Map(
  Object.entries(CONFIG_KEYS).map(([field, declared]) => [declared.name, [field, declared]]),
);

export function parseConfigMap(configMap: ConfigMap | undefined, base: SettingsBase): ConfigMapReading {
  const values: Record<string, unknown> = {};
  for (const [field, declared] of Object.entries(CONFIG_KEYS)) values[field] = declared.initial;
  const diagnostics: Diagnostic[] = [];
  const gates: string[] = [];
  for (const name of Object.keys(configMap?.data ?? {}).toSorted()) {
    const text = configMap?.data[name] ?? '';
    const report = (code: string, severity: Diagnostic['severity'], message: string, hint: string) =>
      diagnostics.push({
        code,
        severity,
        object: referenceOf(configMap),
        field: fieldOf(name),
        message,
        hint,
      });
    const known = BY_NAME.get(name);
    const unsupported = UNSUPPORTED_KEYS.get(name);
    if (known !== undefined) {
      const [field, declared] = known;
      const parsed = declared.parse(text.trim());
      if (parsed.ok) values[field] = parsed.value;
      else if (text.trim() !== '')
        report(
          'config-invalid',
          'error',
          `${name} is ${quoteText(text)}, but ${parsed.error}; its default is in force`,
          'Correct the value or remove the key.',
        );
    } else if (unsupported !== undefined) {
      if (unsupported.inert(text)) continue;
      if (unsupported.kind === 'gate') {
        gates.push(name);
        if (name.endsWith('-snippet'))
          report(
            'snippet-unsupported',
            'error',
            `${name} is never applied, and may restrict access: every route answers 503`,
            'Put what it is for into a file of your own (--include-http), and remove the key.',
          );
        else
          report(
            'gate-unsupported',
            'error',
            `${name} restricts access and is not supported yet: every route answers 503`,
            'Remove the key if serving without it is meant.',
          );
      } else
        report(
          'config-unsupported',
          'warning',
          `${name} is not supported yet and has no effect`,
          'Remove the key.',
        );
    } else {
      const nearest = nearestNames(name, [...BY_NAME.keys(), ...UNSUPPORTED_KEYS.keys()]);
      const gate = nearest.find((candidate) => UNSUPPORTED_KEYS.get(candidate)?.kind === 'gate');
      if (gate !== undefined && text.trim() !== '') gates.push(gate);
      report(
        'config-unknown',
        gate === undefined ? 'warning' : 'error',
        gate === undefined
          ? `${quoteText(name)} is no key of this controller and has no effect`
          : `${quoteText(name)} looks like ${gate}, which restricts access: every route answers 503`,
        nearest[0] === undefined ? 'Remove the key.' : `Was ${gate ?? nearest[0]} meant?`,
      );
    }
  }
  // Each value went through the parser, or is the default, that its key was declared with.
  const typed = values as unknown as ConfigValues;
  if (commonAlgorithm(typed.loadBalance) === null)
    diagnostics.push({
      code: 'algorithm-unsupported',
      severity: 'warning',
      object: referenceOf(configMap),
      field: fieldOf('load-balance'),
      message: `load-balance ${typed.loadBalance} needs what only an Ingress can say; round_robin is used`,
      hint: 'Use upstream-hash-by or affinity: cookie at the Ingresses, and round_robin, ewma or least_conn here.',
    });
  const large = typed.largeClientHeaderBuffers.size >= typed.clientHeaderBufferSize;
  if (!large)
    diagnostics.push({
      code: 'config-invalid',
      severity: 'error',
      object: referenceOf(configMap),
      field: fieldOf('large-client-header-buffers'),
      message:
        'large-client-header-buffers are smaller than client-header-buffer-size; the defaults of both are in force',
      hint: 'Make the large buffers at least as big as the first one.',
    });
  return {
    settings: settingsOf(large ? typed : { ...typed, ...headerBufferDefaults() }, base),
    denied: gates[0] === undefined ? null : `the ConfigMap key ${gates[0]} is not supported yet`,
    diagnostics: diagnostics.toSorted(compareDiagnostics),
  };
}

function headerBufferDefaults(): Pick<ConfigValues, 'largeClientHeaderBuffers' | 'clientHeaderBufferSize'> {
  return {
    largeClientHeaderBuffers: CONFIG_KEYS.largeClientHeaderBuffers.initial,
    clientHeaderBufferSize: CONFIG_KEYS.clientHeaderBufferSize.initial,
  };
}

function referenceOf(configMap: ConfigMap | undefined): string {
  return configMap === undefined ? 'ConfigMap' : objectReference(configMap);
}

function fieldOf(name: string): string {
  return /^[A-Za-z0-9._-]{1,253}$/.test(name) ? `data['${name}']` : `data[${quoteText(name)}]`;
}
