// What people see of the watches: nothing while all is well, and everything while a list is not believed.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { ingress, tlsSecret } from '../e2e/support/objects.ts';
import { makeAuthority, makeLeaf } from '../support/certs.ts';
import { NAMESPACE } from './support/controller-account.ts';
import { testCluster } from './support/test-cluster.ts';
import { clusterService } from './support/workloads.ts';

const names = Array.from({ length: 12 }, (_, i) => `many-${i}`);
const hostOf = (name: string) => `${name}.example`;

testCluster('a list that lacks nearly everything is held, and said', { timeoutMs: 240_000 }, async (bed) => {
  const { plane, startGateway } = bed;
  const all = [...names, 'kept'].map((name) => ingress(name, { host: hostOf(name), service: 'shop' }));
  await plane.kubectl.apply(clusterService('shop'), ...all);
  const gateway = await startGateway({ flags: ['--compile=never'] });
  const [first = ''] = names;
  // Without endpoints the answer is 503; of a host that is not there it is 404.
  await gateway.answers(hostOf(first), ({ status }) => status === 503);

  plane.gate.refuse();
  await plane.kubectl.remove(...names.map((name) => `ingress/${name}`));
  await plane.compact();
  await plane.apiServer.kill();
  await plane.startApiServer();
  plane.gate.admit();
  const of = (state: Awaited<ReturnType<typeof gateway.state>>) =>
    state.kinds.find(({ kind }) => kind === 'Ingress');
  const state = await gateway.stateWhen('it is held', (report) => of(report)?.heldObjects === 12, 40_000);
  const begun = performance.now();
  const sentence =
    'the last list of Ingress lacked 12 objects, most of what was there; they stay in force until another list confirms it';
  expect(of(state)).toMatchObject({ held: sentence, objects: 13, synced: true, trouble: null });
  await gateway.stateWhen('it is a diagnostic', ({ diagnostics }) =>
    diagnostics.some(({ code, message }) => code === 'objects-held' && message === sentence),
  );
  expect(gateway.controller().log()).toContain(sentence);
  expect(await gateway.sample('held_objects', 'Ingress')).toBe(12);
  expect(await gateway.sample('objects', 'Ingress')).toBe(13);
  expect(await gateway.sample('held_objects', 'Service')).toBe(0);
  for (const name of names) expect((await gateway.get(hostOf(name))).status).toBe(503);

  // They are gone indeed: the second list says so, and is believed.
  await gateway.stateWhen('it is believed', (report) => of(report)?.heldObjects === 0, 90_000);
  process.stdout.write(
    `a list without 12 of 13 was believed after ${Math.round(performance.now() - begun)} ms\n`,
  );
  await gateway.answers(hostOf(first), ({ status }) => status === 404);
  expect((await gateway.get('kept.example')).status).toBe(503);
  expect(await gateway.sample('objects', 'Ingress')).toBe(1);
  const { diagnostics } = await gateway.state();
  expect(diagnostics.filter(({ code }) => code === 'objects-held')).toEqual([]);
});

testCluster(
  'while all is well: no line in the log, no new connection, one Secret of fifty',
  {},
  async (bed) => {
    const { plane, startGateway } = bed;
    const leaf = await makeLeaf(await makeAuthority(), { names: ['safe.example'] });
    const secrets = Array.from({ length: 50 }, (_, i) => tlsSecret(`secret-${i}`, leaf));
    const safe = ingress('safe', { host: 'safe.example', service: 'shop', tls: 'secret-7' });
    await plane.kubectl.apply(clusterService('shop'), ...secrets, safe);
    const gateway = await startGateway();
    expect(await gateway.sample('objects', 'Secret')).toBe(1);

    // The lease is taken, status and events are written.
    await sleep(5_000);
    const before = await gateway.settled();
    const log = gateway.controller().log();
    const opened = plane.gate.everOpened();
    await sleep(25_000);
    expect(gateway.controller().log().slice(log.length)).toBe('');
    expect(plane.gate.everOpened()).toBe(opened);
    const { kinds, generation, diagnostics } = await gateway.settled();
    expect({ generation, diagnostics }).toEqual({
      generation: before.generation,
      diagnostics: before.diagnostics,
    });
    for (const { kind, ageSeconds, lists, failures, watchRestarts, trouble } of kinds) {
      expect({ kind, lists, failures, trouble }).toEqual({ kind, lists: 1, failures: {}, trouble: null });
      // Each watch has ended in order and was taken up again, which is the sign of life.
      expect(Object.keys(watchRestarts)).toEqual(['ended']);
      expect(watchRestarts.ended).toBeGreaterThanOrEqual(2);
      expect(ageSeconds).toBeLessThan(12);
      expect(await gateway.sample('watch_restarts_total', kind, 'ended')).toBeGreaterThanOrEqual(2);
      expect(await gateway.sample('synced', kind)).toBe(1);
      expect(await gateway.sample('lists_total', kind)).toBe(1);
      expect(await gateway.sample('last_event_age_seconds', kind)).toBeLessThan(12);
    }

    // And it hears of a setting.
    expect((await gateway.get('safe.example')).status).toBe(308);
    const patch = JSON.stringify({ data: { 'ssl-redirect': 'false' } });
    const settings = ['configmap/gateway-settings', '--namespace', NAMESPACE];
    await plane.kubectl.run(['patch', ...settings, '--type=merge', '--patch', patch]);
    await gateway.answers('safe.example', ({ status }) => status === 503);
  },
);
