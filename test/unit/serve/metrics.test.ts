// The numbers, under the names that dashboards know.
import { describe, expect, test } from '@jest/globals';
import { createMetrics } from '../../../src/serve/metrics.ts';
import type { KindReport } from '../../../src/serve/state.ts';
import { REPORT } from './support/report.ts';

const identity = { version: '1.2.3', controllerClass: 'k8s.io/ingress-nginx', namespace: 'ns', pod: 'pod' };
const LABELS = 'controller_class="k8s.io/ingress-nginx",controller_namespace="ns",controller_pod="pod"';

/** The sample's value; undefined when there is none. */
function sample(text: string, name: string, labels = ''): string | undefined {
  const all = labels === '' ? LABELS : `${labels},${LABELS}`;
  return text
    .split('\n')
    .find((line) => line.startsWith(`${name}{${all}} `))
    ?.split(' ')
    .at(-1);
}

describe('metrics', () => {
  test('a proven compile counts as a success, a refused one as an error', async () => {
    const metrics = createMetrics(identity, () => 1_000);
    metrics.compile('proven', 120);
    metrics.compile('invalid', null);
    const text = await metrics.expose(REPORT);
    expect(sample(text, 'nginx_ingress_controller_success')).toBe('1');
    expect(sample(text, 'nginx_ingress_controller_errors')).toBe('1');
    expect(sample(text, 'nginx_ingress_controller_config_last_reload_successful')).toBe('0');
    expect(sample(text, 'nginx_ingress_controller_config_last_reload_successful_timestamp_seconds')).toBe(
      '1000',
    );
    expect(sample(text, 'ingress_openresty_reloads_total', 'outcome="invalid"')).toBe('1');
    expect(sample(text, 'ingress_openresty_compile_duration_seconds_sum')).toBe('0.12');
  });

  test('how long changes take to be in force is a histogram from half a millisecond to a minute', async () => {
    const metrics = createMetrics(identity);
    metrics.propagation('push', 0.4);
    metrics.propagation('push', 12);
    metrics.propagation('compile', 3_000);
    const text = await metrics.expose(REPORT);
    expect(text).toMatch(/propagation_seconds_count\{[^}]*kind="push"[^}]*\} 2\n/);
    expect(text).toMatch(/propagation_seconds_sum\{[^}]*kind="compile"[^}]*\} 3\n/);
    expect(text).toMatch(/propagation_seconds_bucket\{[^}]*le="0.0005",[^}]*kind="push"[^}]*\} 1\n/);
    expect(text).toMatch(/propagation_seconds_bucket\{[^}]*le="60",[^}]*kind="compile"[^}]*\} 1\n/);
  });

  test('passes and pushes are measured in seconds', async () => {
    const metrics = createMetrics(identity);
    metrics.pass(5);
    metrics.push('in-force', 2);
    metrics.push('refused', 1);
    const text = await metrics.expose(REPORT);
    expect(sample(text, 'ingress_openresty_pass_duration_seconds_sum')).toBe('0.005');
    expect(sample(text, 'ingress_openresty_pushes_total', 'outcome="in-force"')).toBe('1');
    expect(sample(text, 'ingress_openresty_pushes_total', 'outcome="refused"')).toBe('1');
  });

  test('gauges follow the state of each scrape', async () => {
    const metrics = createMetrics(identity);
    const first = await metrics.expose(REPORT);
    expect(sample(first, 'ingress_openresty_generation')).toBe('12');
    expect(sample(first, 'ingress_openresty_workers')).toBe('2');
    expect(sample(first, 'ingress_openresty_hosts', 'state="compiled"')).toBe('2');
    expect(sample(first, 'nginx_ingress_controller_config_hash')).toBe(String(0x0123456789ab));
    const second = await metrics.expose({ ...REPORT, diagnostics: [], files: null, settled: false });
    expect(sample(second, 'ingress_openresty_diagnostics', 'severity="error"')).toBe('0');
    expect(sample(second, 'nginx_ingress_controller_config_hash')).toBe('0');
    expect(sample(second, 'ingress_openresty_settled')).toBe('0');
  });

  test('the version is told, beside the numbers of the process itself', async () => {
    const text = await createMetrics(identity).expose(REPORT);
    expect(
      sample(
        text,
        'nginx_ingress_controller_build_info',
        'release="1.2.3",build="",repository="ingress-openresty"',
      ),
    ).toBe('1');
    expect(Number(sample(text, 'process_resident_memory_bytes'))).toBeGreaterThan(0);
  });

  test('two of them do not share a registry', async () => {
    const one = createMetrics(identity);
    const other = createMetrics(identity);
    one.compile('proven', 1);
    expect(sample(await other.expose(REPORT), 'nginx_ingress_controller_success')).toBe('0');
  });

  test('each kind of a cluster by itself, and none that is no more', async () => {
    const metrics = createMetrics(identity);
    const kind: KindReport = {
      kind: 'Ingress',
      synced: true,
      ageSeconds: 2.5,
      trouble: 'we may not list Ingress (403)',
      remedy: null,
      held: 'm',
      heldObjects: 4,
      objects: 9,
      lists: 3,
      failures: { 'status-403': 2 },
      watchRestarts: { ended: 7, idle: 1 },
    };
    const text = await metrics.expose({
      ...REPORT,
      kinds: [kind, { ...kind, kind: 'Secret', ageSeconds: null }],
    });
    const of = (name: string, more = '') =>
      sample(text, `ingress_openresty_${name}`, `kind="Ingress"${more}`);
    expect([
      of('synced'),
      of('troubled'),
      of('last_event_age_seconds'),
      of('objects'),
      of('held_objects'),
    ]).toEqual(['1', '1', '2.5', '9', '4']);
    expect(of('lists_total')).toBe('3');
    expect(of('list_watch_failures_total', ',reason="status-403"')).toBe('2');
    expect(of('watch_restarts_total', ',reason="ended"')).toBe('7');
    expect(text).not.toContain('last_event_age_seconds{kind="Secret"');
    // Asked again they are what they are, not twice that.
    const again = await metrics.expose({ ...REPORT, kinds: [kind] });
    expect(again).toContain('ingress_openresty_lists_total{kind="Ingress",');
    expect(sample(again, 'ingress_openresty_lists_total', 'kind="Ingress"')).toBe('3');
    expect(again).not.toContain('kind="Secret"');
  });
});
