import { describe, expect, test } from '@jest/globals';
import type { Service } from '../../../src/model/kubernetes.ts';
import { DEFAULT_TRANSLATE_OPTIONS } from '../../../src/translate/options.ts';
import { createTranslator } from '../../../src/translate/translate.ts';
import {
  codes,
  endpoint,
  ingress,
  ingressClass,
  ours,
  path,
  routes,
  service,
  slice,
  snapshot,
  to,
  translate,
} from './support/objects.ts';

const asks = (port: number | string, name = 'web') =>
  ingress('a', {
    rules: [{ host: 'shop.example', paths: [{ path: '/', pathType: 'Prefix', backend: to(name, port) }] }],
  });
const tcp = (port: number, name = '', targetPort?: string | number) =>
  ({ name, protocol: 'TCP', port, targetPort }) as const;
const addresses = (...inputs: Parameters<typeof translate>) =>
  [...translate(...inputs).backends.values()].flatMap((item) =>
    item.endpoints.map((each) => `${each.address} ${each.port}`),
  );

describe('ports', () => {
  const many = service('web', {
    ports: [
      { name: 'dns', protocol: 'UDP', port: 80, targetPort: 53 },
      tcp(81, 'http', 8080),
      tcp(82, 'admin', 'adm'),
      tcp(8080, 'other', 9),
    ],
  });
  test.each([
    [81, 'default/web/81'],
    ['http', 'default/web/81'],
    ['adm', 'default/web/82'],
    [9, 'default/web/8080'],
    // The Service's own number goes before a targetPort of another port.
    [8080, 'default/web/8080'],
  ])('%j means %s', (port, id) => {
    expect(routes(translate([many, asks(port)]))[0]?.backend).toBe(id);
  });

  test.each([80, 53, 'dns', 'none', '', 0, -1, 70_000, 1.5])(
    '%j is no TCP port of it: 503 and said',
    (port) => {
      const model = translate([many, asks(port)]);
      const backend = model.backends.get(routes(model)[0]?.backend ?? '');
      expect(backend?.endpoints).toEqual([]);
      expect(codes(model)).toEqual([
        'error port-missing Ingress/default/a spec.rules[0].http.paths[0].backend.service.port',
      ]);
    },
  );

  test.each(['none', 'a/b', '', '../default/web', 'x\ny', '__proto__'])('there is no Service %j', (name) => {
    const model = translate([asks(80, name)]);
    expect(routes(model)).toHaveLength(1);
    expect([...model.backends.values()].map((item) => item.endpoints)).toEqual([[]]);
    expect(codes(model)).toEqual([
      'error service-missing Ingress/default/a spec.rules[0].http.paths[0].backend.service.name',
    ]);
  });

  test('a Service of another namespace is never meant', () => {
    const elsewhere = service('theirs', { metadata: { namespace: 'other' } });
    expect(addresses([elsewhere, slice('theirs', { namespace: 'other' }), asks(80, 'theirs')])).toEqual([]);
  });
});

describe('endpoints', () => {
  test('of every slice with the label, whatever its name; sorted, each once', () => {
    const extra = slice('web', {
      name: 'by-hand',
      endpoints: [endpoint(['10.0.0.9', '10.0.0.1']), endpoint(['10.0.0.10'])],
    });
    const six = slice('web', {
      name: 'six',
      addressType: 'IPv6',
      endpoints: [endpoint(['fd00:0:0::1']), endpoint(['FD00::1'])],
    });
    expect(addresses([asks(80), extra, six])).toEqual([
      '10.0.0.1 8080',
      '10.0.0.10 8080',
      '10.0.0.9 8080',
      'fd00::1 8080',
    ]);
  });

  test('ready ones; those that leave but still serve drain beside them, and serve where there is no other', () => {
    const leaving = endpoint(['10.0.0.2'], { ready: false, serving: true, terminating: true });
    const dead = endpoint(['10.0.0.3'], { ready: false, serving: false, terminating: true });
    const unready = endpoint(['10.0.0.4'], { ready: false, serving: true, terminating: false });
    const all = [endpoint(['10.0.0.1']), leaving, dead, unready];
    const of = (endpoints: typeof all) => {
      const model = translate([asks(80), slice('web', { endpoints })]);
      const { endpoints: taking = [], left = [] } = model.backends.get('default/web/80') ?? {};
      return {
        taking: taking.map(({ address, draining }) => `${address}${draining ? ' drains' : ''}`),
        left: left.map(({ address, why }) => `${address} ${why}`),
        codes: codes(model),
      };
    };
    const left = ['10.0.0.3 terminating', '10.0.0.4 not-ready'];
    expect(of(all)).toEqual({ taking: ['10.0.0.1', '10.0.0.2 drains'], left, codes: [] });
    expect(of(all.slice(1))).toEqual({ taking: ['10.0.0.2'], left, codes: [] });
    const none = ['warning endpoints-none Service/default/web'];
    expect(of(all.slice(2))).toEqual({ taking: [], left, codes: none });
    // In two slices while it moves from one to the other.
    const twice = [...all, endpoint(['10.0.0.2', '10.0.0.4'])];
    expect(of(twice)).toEqual({
      taking: ['10.0.0.1', '10.0.0.2', '10.0.0.4'],
      left: ['10.0.0.3 terminating'],
      codes: [],
    });
  });

  test('what only leaves is told apart, and changes its backend alone', () => {
    const translator = createTranslator(DEFAULT_TRANSLATE_OPTIONS);
    const with4 = (more: Parameters<typeof endpoint>[1]) =>
      translator(
        snapshot([
          ingressClass(),
          asks(80),
          service(),
          slice('web', { endpoints: [endpoint(['10.0.0.1']), endpoint(['10.0.0.4'], more)] }),
        ]),
      ).backends.get('default/web/80');
    const before = with4({ ready: false });
    expect(with4({ ready: false })).toBe(before);
    const after = with4({ ready: false, serving: false, terminating: true });
    expect(after?.endpoints).toEqual(before?.endpoints);
    expect(after?.left).toEqual([{ address: '10.0.0.4', port: 8080, why: 'terminating' }]);
  });

  test('the port of the slice is the one with the name of the Service port', () => {
    const ports = [
      { name: 'metrics', protocol: 'TCP', port: 9 },
      { name: 'http', protocol: 'UDP', port: 10 },
      { name: 'http', protocol: 'TCP', port: 11 },
    ] as const;
    expect(addresses([asks(80), slice('web', { ports })])).toEqual(['10.0.0.1 11']);
  });

  test('an unnamed Service port takes the only port of a slice written by hand, but does not guess', () => {
    const unnamed = service('web', { ports: [tcp(80)] });
    const named = (...names: readonly string[]) =>
      slice('web', { ports: names.map((name, index) => ({ name, protocol: 'TCP', port: 8001 + index })) });
    expect(addresses([asks(80), unnamed, named('x')])).toEqual(['10.0.0.1 8001']);
    expect(addresses([asks(80), unnamed, named('x', 'y')])).toEqual([]);
  });

  test('slices without ports', () => {
    const absent = [{ name: 'http', protocol: 'TCP', port: undefined }] as const;
    expect(addresses([asks(80), slice('web', { ports: absent })])).toEqual(['10.0.0.1 8080']);
    expect(addresses([asks(80), slice('web', { ports: [] })])).toEqual(['10.0.0.1 8080']);
    const texted = service('web', { ports: [tcp(80, 'http', 'web')] });
    expect(addresses([asks(80), texted, slice('web', { ports: [] })])).toEqual([]);
  });

  test('what is no address gets nothing, and is told once for each slice', () => {
    const odd = [
      '',
      'localhost',
      '10.1',
      '010.0.0.1',
      '0.0.0.0',
      '224.0.0.1',
      '::',
      'fe80::1%eth0',
      '1.2.3.4:80',
      'x\n',
    ];
    const model = translate([asks(80), slice('web', { endpoints: [endpoint([...odd, '10.0.0.7'])] })]);
    expect(model.backends.get('default/web/80')?.endpoints).toEqual([
      { address: '10.0.0.7', port: 8080, weight: 1, draining: false },
    ]);
    expect(codes(model)).toEqual([
      'error address-invalid EndpointSlice/default/web-1 endpoints[0].addresses[0]',
    ]);
  });

  test('slices of names are told', () => {
    const model = translate([
      asks(80),
      slice('web', { name: 'f', addressType: 'FQDN', endpoints: [endpoint(['a.b'])] }),
    ]);
    expect(codes(model)).toEqual(['warning slice-fqdn EndpointSlice/default/f addressType']);
    expect(model.backends.get('default/web/80')?.endpoints).toHaveLength(1);
  });
});

describe('zones', () => {
  const near = endpoint(['10.0.0.1'], { forZones: ['a'] });
  const far = endpoint(['10.0.0.2'], { forZones: ['b'] });
  const both = endpoint(['10.0.0.3'], { forZones: ['a', 'b'] });
  const unhinted = endpoint(['10.0.0.4']);
  const leaving = endpoint(['10.0.0.5'], { ready: false, serving: true, terminating: true });
  const inZone = (zone: string, ...endpoints: readonly ReturnType<typeof endpoint>[]) => {
    const options = { enableTopologyAwareRouting: true, topologyZone: zone };
    const model = translate([asks(80), slice('web', { endpoints })], options);
    const { endpoints: taking = [], left = [] } = model.backends.get('default/web/80') ?? {};
    return {
      taking: taking.map(({ address }) => address),
      left: left.map(({ address, why }) => `${address} ${why}`),
    };
  };

  test('hints count when all ready ones have them and one is for our zone', () => {
    expect(inZone('a', near, far, both)).toEqual({
      taking: ['10.0.0.1', '10.0.0.3'],
      left: ['10.0.0.2 other-zone'],
    });
    // One that leaves has its sessions to the end, and needs no hint.
    expect(inZone('a', near, far, leaving).taking).toEqual(['10.0.0.1', '10.0.0.5']);
    expect(inZone('a', near, far, unhinted).taking).toHaveLength(3);
    expect(inZone('c', near, far, both)).toEqual({
      taking: ['10.0.0.1', '10.0.0.2', '10.0.0.3'],
      left: [],
    });
  });

  test('not without both flags; which zone it is has to be said', () => {
    const objects = [asks(80), slice('web', { endpoints: [near, far] })];
    expect(addresses(objects, { topologyZone: 'a' })).toHaveLength(2);
    const model = translate(objects, { enableTopologyAwareRouting: true });
    expect(model.backends.get('default/web/80')?.endpoints).toHaveLength(2);
    expect(codes(model)).toEqual(['warning topology-zone-missing Flag/--enable-topology-aware-routing']);
  });
});

describe('service-upstream', () => {
  const own = ingress('a', { metadata: { annotations: ours({ 'service-upstream': 'true' }) } });
  const of = (...objects: Parameters<typeof translate>[0]) => {
    const model = translate([own, ...objects]);
    const id = routes(model)[0]?.backend ?? '';
    return { id, endpoints: model.backends.get(id)?.endpoints ?? [], codes: codes(model) };
  };

  test('the cluster IP and the port of the Service, for this Ingress alone', () => {
    const other = ingress('b', { rules: [{ host: 'b.example', paths: [path('/')] }] });
    const { id, endpoints, codes: told } = of(other);
    expect(id).toMatch(/^default\/web\/80\/[0-9a-f]{16}$/);
    expect(endpoints).toEqual([{ address: '10.96.0.1', port: 80, weight: 1, draining: false }]);
    expect(told).toEqual([]);
    expect(translate([own, other]).backends.get('default/web/80')?.endpoints[0]?.address).toBe('10.0.0.1');
  });

  test.each([['None'], [undefined], ['']])(
    'a Service with the cluster IP %j has its endpoints',
    (clusterIP) => {
      const { endpoints, codes: told } = of(service('web', { clusterIP }));
      expect(endpoints.map(({ address }) => address)).toEqual(['10.0.0.1']);
      expect(told).toEqual(['warning cluster-ip-none Service/default/web spec.clusterIP']);
    },
  );
});

describe('ExternalName', () => {
  const external = (more: Partial<Service> = {}): Service => ({
    ...service('web', { type: 'ExternalName', externalName: 'db.example', ports: [], clusterIP: undefined }),
    ...more,
  });
  const resolved = new Map([['db.example', ['192.0.2.2', '192.0.2.1', 'junk']]]);

  test('addresses as resolved, the port of the Service or the number of the Ingress', () => {
    expect(addresses([external(), asks(81)], {}, { resolved })).toEqual(['192.0.2.1 81', '192.0.2.2 81']);
    expect(addresses([external({ ports: [tcp(82, 'x')] }), asks('x')], {}, { resolved })).toEqual([
      '192.0.2.1 82',
      '192.0.2.2 82',
    ]);
    expect(addresses([external({ externalName: '192.0.2.9' }), asks(81)])).toEqual(['192.0.2.9 81']);
  });

  test('unresolved and disabled: 503 and said', () => {
    expect(codes(translate([external(), asks(81)]))).toEqual([
      'warning name-unresolved Service/default/web spec.externalName',
    ]);
    // The source that looked it up has said why.
    const failed = new Map([...resolved.keys()].map((name) => [name, []]));
    expect(codes(translate([external(), asks(81)], {}, { resolved: failed }))).toEqual([]);
    const disabled = translate([external(), asks(81)], { disableSvcExternalName: true }, { resolved });
    expect(codes(disabled)).toEqual(['error external-name-disabled Service/default/web spec.externalName']);
    expect(disabled.backends.get('default/web/81')?.endpoints).toEqual([]);
  });
});

describe('what a change costs', () => {
  test('a slice that moves leaves everything but its backend the same object', () => {
    const translator = createTranslator(DEFAULT_TRANSLATE_OPTIONS);
    const objects = [
      ingressClass(),
      ingress('first', { rules: [{ host: 'first.example', paths: [path('/')] }] }),
      asks(80, 'other'),
      service(),
      service('other'),
      slice('other'),
    ];
    const first = translator(snapshot([...objects, slice()]));
    const base = snapshot([...objects, slice()]);
    const before = translator(base);
    const moved = new Map(base.endpointSlices).set(
      'default/web-1',
      slice('web', { endpoints: [endpoint(['10.9.9.9'])] }),
    );
    const after = translator({ ...base, endpointSlices: moved });
    expect(after.servers).toBe(before.servers);
    expect(after.settings).toBe(before.settings);
    expect(after.backends.get('default/other/80')).toBe(before.backends.get('default/other/80'));
    expect(after.backends.get('default/web/80')?.endpoints[0]?.address).toBe('10.9.9.9');
    expect(translator({ ...base, endpointSlices: moved })).toBe(after);
    expect(first.backends).toEqual(before.backends);
  });

  test('an Ingress that changes leaves the servers of other hosts the same objects', () => {
    const translator = createTranslator(DEFAULT_TRANSLATE_OPTIONS);
    const other = ingress('b', { rules: [{ host: 'b.example', paths: [] }] });
    const base = snapshot([ingressClass(), ingress('a'), other, service(), slice()]);
    const before = translator(base);
    const ingresses = new Map(base.ingresses).set('default/b', ingress('b', { rules: [] }));
    const after = translator({ ...base, ingresses });
    expect(after.servers.get('shop.example')).toBe(before.servers.get('shop.example'));
    expect(after.servers.has('b.example')).toBe(false);
    expect(after.backends).toBe(before.backends);
  });
});
