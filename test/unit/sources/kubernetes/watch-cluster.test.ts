// From lists and watches to Snapshots: none before all is listed, each change by itself, Secrets only as far as they
// are named, and namespaces as they were asked for.
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Snapshot } from '../../../../src/model/snapshot.ts';
import type { SourceHealth } from '../../../../src/sources/kubernetes/health.ts';
import { type WatchClusterOptions, watchCluster } from '../../../../src/sources/kubernetes/watch-cluster.ts';
import { answerStatus } from './support/api-server.ts';
import { createWorld, SHORT, sleep, until, type World } from './support/world.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.end());

interface Run {
  readonly snapshots: Snapshot[];
  readonly last: () => Snapshot;
  readonly health: () => SourceHealth;
  readonly done: Promise<void>;
}

function start(options: Partial<WatchClusterOptions> = {}): Run {
  const snapshots: Snapshot[] = [];
  let health: SourceHealth = {};
  const done = watchCluster({
    cluster: world.cluster,
    namespaces: { kind: 'all' },
    configMap: null,
    defaultSecret: null,
    defaultBackend: null,
    signal: world.signal,
    log: world.log,
    timing: SHORT,
    onSnapshot: (snapshot) => void snapshots.push(snapshot),
    onHealth: (next) => {
      health = next;
    },
    ...options,
  });
  return {
    snapshots,
    last: () => {
      const snapshot = snapshots.at(-1);
      if (snapshot === undefined) throw new Error('no Snapshot');
      return snapshot;
    },
    health: () => health,
    done,
  };
}

/** Every watch is open, so what comes now comes as an event. */
async function watching(run: Run, count = 5): Promise<void> {
  await until('a Snapshot', () => run.snapshots.length > 0);
  await until('all watches', () => world.api.watches().length === count);
}

function ingress(name: string, namespace: string, secret: string | null, host = `${name}.example`): void {
  const tls = secret === null ? [] : [{ hosts: [host], secretName: secret }];
  world.api.put('ingresses', { metadata: { name, namespace }, spec: { rules: [{ host }], tls } });
}

function secret(name: string, namespace: string, text: string): void {
  const data = { 'tls.crt': Buffer.from(text).toString('base64') };
  world.api.put('secrets', { metadata: { name, namespace }, type: 'Opaque', data });
}

function slice(name: string, namespace: string, address: string): void {
  const service = name.split('-')[0] ?? '';
  world.api.put('endpointslices', {
    metadata: { name, namespace, labels: { 'kubernetes.io/service-name': service } },
    addressType: 'IPv4',
    ports: [{ port: 80 }],
    endpoints: [{ addresses: [address] }],
  });
}

function service(name: string, namespace: string): void {
  world.api.put('services', { metadata: { name, namespace }, spec: { ports: [{ port: 80 }] } });
}

test('no Snapshot before every kind has been listed, then one that has it all', async () => {
  ingress('shop', 'default', 'shop-tls');
  service('shop', 'default');
  slice('shop-1', 'default', '10.0.0.1');
  secret('shop-tls', 'default', 'one');
  world.api.put('ingressclasses', {
    metadata: { name: 'nginx' },
    spec: { controller: 'k8s.io/ingress-nginx' },
  });
  world.api.put('configmaps', { metadata: { name: 'settings', namespace: 'system' }, data: { a: 'b' } });
  world.api.put('configmaps', { metadata: { name: 'other', namespace: 'system' }, data: { a: 'c' } });
  const recover = world.api.script((request, response) => {
    if (request.plural !== 'endpointslices') return false;
    answerStatus(response, 503, 'ServiceUnavailable', 'not yet');
    return true;
  });
  const run = start({ configMap: 'system/settings' });
  await until('all others are in', () => {
    const kinds = ['Ingress', 'IngressClass', 'Service', 'Secret', 'ConfigMap of --configmap'];
    return kinds.every((kind) => run.health()[kind]?.synced === true);
  });
  await sleep(50);
  expect(run.snapshots).toEqual([]);
  expect(run.health().EndpointSlice?.trouble).toContain('cannot list EndpointSlice (503)');
  recover();
  await watching(run, 6);
  expect(run.snapshots).toHaveLength(1);
  const { ingresses, ingressClasses, services, endpointSlices, secrets, configMaps, diagnostics } =
    run.last();
  expect([...ingresses.keys(), ...ingressClasses.keys()]).toEqual(['default/shop', 'nginx']);
  expect([...services.keys(), ...endpointSlices.keys()]).toEqual(['default/shop', 'default/shop-1']);
  expect(secrets.get('default/shop-tls')?.data['tls.crt']).toBe('one');
  expect([...configMaps.keys()]).toEqual(['system/settings']);
  expect(diagnostics).toEqual([]);
});

test('a change of one kind leaves the maps of the others as they are, and the rest of its own', async () => {
  ingress('shop', 'default', null);
  slice('shop-1', 'default', '10.0.0.1');
  slice('shop-2', 'default', '10.0.0.2');
  const run = start();
  await watching(run);
  const before = run.last();
  slice('shop-2', 'default', '10.0.0.3');
  await until('a second Snapshot', () => run.snapshots.length === 2);
  const after = run.last();
  expect({ ...after, endpointSlices: null }).toEqual({ ...before, endpointSlices: null });
  for (const key of [
    'ingresses',
    'services',
    'secrets',
    'configMaps',
    'ingressClasses',
    'diagnostics',
  ] as const) {
    expect(after[key]).toBe(before[key]);
  }
  expect(after.endpointSlices.get('default/shop-1')).toBe(before.endpointSlices.get('default/shop-1'));
  expect(before.endpointSlices.get('default/shop-2')?.endpoints[0]?.addresses).toEqual(['10.0.0.2']);
  // A touch that changes nothing that we read makes no Snapshot.
  world.api.put('endpointslices', {
    metadata: {
      name: 'shop-1',
      namespace: 'default',
      labels: { 'kubernetes.io/service-name': 'shop' },
      generation: 2,
    },
    addressType: 'IPv4',
    ports: [{ port: 80 }],
    endpoints: [{ addresses: ['10.0.0.1'] }],
  });
  await sleep(50);
  expect(run.snapshots).toHaveLength(2);
});

test('a burst of events is few Snapshots', async () => {
  const run = start();
  await watching(run);
  for (let number = 0; number < 500; number += 1) service(`s${number}`, 'default');
  await until('all', () => run.last().services.size === 500);
  expect(run.snapshots.length).toBeLessThan(100);
});

test('Secrets are kept only while they are named; one that is named first is fetched, and shown with its Ingress', async () => {
  for (const name of ['one', 'two', 'three']) secret(name, 'default', name);
  secret('one', 'elsewhere', 'other');
  ingress('shop', 'default', 'one');
  const run = start();
  await watching(run);
  expect([...run.last().secrets.keys()]).toEqual(['default/one']);

  ingress('shop', 'default', 'two');
  await until('two', () => run.last().secrets.has('default/two'));
  expect([...run.last().secrets.keys()]).toEqual(['default/two']);
  for (const { ingresses, secrets } of run.snapshots) {
    const named = ingresses.get('default/shop')?.tls[0]?.secretName ?? '';
    expect(secrets.get(`default/${named}`)?.data['tls.crt']).toBe(named);
  }
  const fetched = world.api.requests.filter(({ path }) => path.endsWith('/secrets/two'));
  expect(fetched).toHaveLength(1);

  // The watch goes on for it, and for one that is made later.
  secret('two', 'default', 'renewed');
  await until('renewed', () => run.last().secrets.get('default/two')?.data['tls.crt'] === 'renewed');
  ingress('late', 'default', 'later');
  await until('late', () => run.last().ingresses.has('default/late'));
  secret('later', 'default', 'here');
  await until('later', () => run.last().secrets.get('default/later')?.data['tls.crt'] === 'here');
  world.api.remove('ingresses', 'default/late');
  await until('dropped', () => !run.last().secrets.has('default/later'));
});

test('Secrets that proxy-ssl-secret names are kept too, of the own namespace only', async () => {
  for (const name of ['client', 'other', 'mine']) secret(name, 'default', name);
  secret('foreign', 'elsewhere', 'foreign');
  const route = (name: string, annotation: string, value: string) =>
    world.api.put('ingresses', {
      metadata: { name, namespace: 'default', annotations: { [annotation]: value } },
      spec: { rules: [{ host: `${name}.example` }] },
    });
  route('shop', 'nginx.ingress.kubernetes.io/proxy-ssl-secret', 'default/client');
  route('spy', 'nginx.ingress.kubernetes.io/proxy-ssl-secret', 'elsewhere/foreign');
  route('odd', 'nginx.ingress.kubernetes.io/proxy-ssl-secret', 'default/../other');
  route('own', 'own.example/proxy-ssl-secret', 'default/mine');
  const run = start();
  await watching(run);
  expect([...run.last().secrets.keys()]).toEqual(['default/client']);
  const renamed = start({ annotationsPrefix: 'own.example' });
  await until('the other prefix', () => renamed.snapshots.length > 0 && renamed.last().secrets.size > 0);
  expect([...renamed.last().secrets.keys()]).toEqual(['default/mine']);
  route('shop', 'nginx.ingress.kubernetes.io/proxy-ssl-secret', 'default/other');
  await until('the other one', () => run.last().secrets.has('default/other'));
  expect([...run.last().secrets.keys()]).toEqual(['default/other']);
});

test('a Secret that cannot be fetched holds up its Ingress for a moment only, and endpoints not at all', async () => {
  secret('one', 'default', 'one');
  const run = start();
  await watching(run);
  const recover = world.api.script((request, response) => {
    if (!request.path.endsWith('/secrets/one')) return false;
    answerStatus(response, 500, 'InternalError', 'etcd is tired');
    return true;
  });
  ingress('shop', 'default', 'one');
  slice('shop-1', 'default', '10.0.0.1');
  await until('the slice', () => run.last().endpointSlices.size === 1);
  expect(run.last().ingresses.size).toBe(0);
  await until('the Ingress', () => run.last().ingresses.size === 1);
  expect(run.last().secrets.size).toBe(0);
  expect(world.warnings).toContain('the API server cannot get a Secret (500): "etcd is tired"');
  recover();
  await until('the Secret', () => run.last().secrets.size === 1);
});

test('whoever names ever new Secrets that do not come holds up nobody for longer than one of them', async () => {
  for (let number = 0; number < 40; number += 1) secret(`s${number}`, 'default', 'x');
  const run = start();
  await watching(run);
  const recover = world.api.script((request, response) => {
    if (!/\/secrets\/s\d+$/.test(request.path)) return false;
    answerStatus(response, 500, 'InternalError', 'etcd is tired');
    return true;
  });
  // Always one that is waited for, for many patiences.
  let shownAfter: number | null = null;
  for (let number = 0; number < 40; number += 1) {
    ingress(`i${number}`, 'default', `s${number}`);
    await sleep(30);
    if (run.last().ingresses.size > 0) shownAfter ??= number;
  }
  expect(shownAfter).not.toBeNull();
  recover();
});

test('without the right to read IngressClasses everything else goes on, and it is said', async () => {
  ingress('shop', 'default', null);
  const allow = world.api.script((request, response) => {
    if (request.plural !== 'ingressclasses') return false;
    answerStatus(response, 403, 'Forbidden', 'ingressclasses is forbidden');
    return true;
  });
  const run = start();
  await until('a Snapshot', () => run.snapshots.length > 0 && run.last().diagnostics.length > 0);
  expect(run.last().ingresses.size).toBe(1);
  expect(run.last().diagnostics.map(({ code, severity, field }) => [code, severity, field])).toEqual([
    ['watch-forbidden', 'warning', 'IngressClass'],
  ]);
  world.api.put('ingressclasses', {
    metadata: { name: 'nginx' },
    spec: { controller: 'k8s.io/ingress-nginx' },
  });
  allow();
  await until('listed', () => run.last().ingressClasses.size === 1);
  await until('the diagnostic is gone', () => run.last().diagnostics.length === 0);
});

test.each([
  { ofClasses: 1, ofOthers: 0 },
  { ofClasses: 2, ofOthers: 1 },
])(
  'a server that has just started refuses %j: no Ingress is shown without its class',
  async ({ ofClasses, ofOthers }) => {
    ingress('shop', 'default', null);
    world.api.put('ingressclasses', {
      metadata: { name: 'nginx' },
      spec: { controller: 'k8s.io/ingress-nginx' },
    });
    const refused: Record<string, number> = {};
    world.api.script(({ plural }, response) => {
      const times = refused[plural] ?? 0;
      if (times >= (plural === 'ingressclasses' ? ofClasses : ofOthers)) return false;
      refused[plural] = times + 1;
      answerStatus(response, 403, 'Forbidden', 'RBAC: clusterrole.rbac.authorization.k8s.io not found');
      return true;
    });
    const run = start();
    await until('a Snapshot', () => run.snapshots.length > 0);
    expect(run.snapshots.map(({ ingressClasses }) => ingressClasses.size)).not.toContain(0);
  },
);

test('rights that are lost in the middle take nothing away', async () => {
  service('shop', 'default');
  const run = start();
  await watching(run);
  const services = run.last().services;
  await sleep(SHORT.firstPause * 2);
  const allow = world.api.script((request, response) => {
    if (request.plural !== 'services') return false;
    answerStatus(response, 403, 'Forbidden', 'services is forbidden');
    return true;
  });
  world.api.compact();
  world.api.watches('services')[0]?.end();
  await until('said', () => run.last().diagnostics.some(({ code }) => code === 'watch-forbidden'));
  expect(run.last().services).toBe(services);
  allow();
  await until('over', () => run.last().diagnostics.length === 0);
  expect(run.last().services).toBe(services);
});

test('one namespace: only its paths are asked for, and what flags name elsewhere by itself', async () => {
  for (const namespace of ['shop', 'system', 'other']) {
    ingress('web', namespace, null);
    service('web', namespace);
    slice('web-1', namespace, '10.0.0.1');
    service('more', namespace);
    secret('cert', namespace, namespace);
  }
  const run = start({
    namespaces: { kind: 'one', name: 'shop' },
    defaultSecret: 'system/cert',
    defaultBackend: 'system/web',
  });
  await watching(run, 8);
  const { ingresses, services, endpointSlices, secrets } = run.last();
  expect([...ingresses.keys()]).toEqual(['shop/web']);
  expect([...services.keys()].sort()).toEqual(['shop/more', 'shop/web', 'system/web']);
  expect([...endpointSlices.keys()].sort()).toEqual(['shop/web-1', 'system/web-1']);
  expect([...secrets.keys()]).toEqual(['system/cert']);
  const broad = world.api.requests.filter(({ path }) => !path.includes('/namespaces/'));
  expect(new Set(broad.map(({ plural }) => plural))).toEqual(new Set(['ingressclasses']));
});

test('namespaces by label: they come and go with it', async () => {
  const label = (name: string, team: string): void =>
    world.api.put('namespaces', { metadata: { name, labels: { team } } });
  label('one', 'web');
  label('two', 'data');
  for (const namespace of ['one', 'two']) {
    ingress('shop', namespace, null);
    service('shop', namespace);
  }
  world.api.put('services', { metadata: { name: 'broken', namespace: 'two' }, spec: { ports: 1 } });
  const run = start({ namespaces: { kind: 'selector', selector: 'team=web' }, defaultBackend: 'two/shop' });
  await watching(run, 6);
  expect([...run.last().ingresses.keys()]).toEqual(['one/shop']);
  expect([...run.last().services.keys()].sort()).toEqual(['one/shop', 'two/shop']);
  expect(run.last().diagnostics).toEqual([]);
  label('two', 'web');
  await until('two is served', () => run.last().ingresses.size === 2);
  expect(run.last().diagnostics).toHaveLength(1);
  label('one', 'data');
  await until('one is not', () => [...run.last().ingresses.keys()].join() === 'two/shop');
});

test('a consumer that throws ends nothing', async () => {
  const run = start({
    onSnapshot: () => {
      throw new Error('not today');
    },
  });
  await until('logged', () => world.warnings.includes('what the cluster tells could not be taken in'));
  await until('all watches', () => world.api.watches().length === 5);
  expect(run.health().Service?.trouble).toBeNull();
});

test('ends with the signal: every watch, and the promise', async () => {
  const run = start();
  await watching(run);
  await world.end();
  await run.done;
  world = await createWorld();
});
