// What a model becomes: servers, documents, keys, sections, lines.
import { expect, test } from '@jest/globals';
import type { Document, RouteBody } from '../../../src/model/document.ts';
import type { Model, Server } from '../../../src/model/model.ts';
import type { Rendered } from '../../../src/model/rendered.ts';
import type { Settings } from '../../../src/model/settings.ts';
import { chooseCompiled, isCompilable } from '../../../src/render/compilable.ts';
import { redactDocument, renderDocumentsJson } from '../../../src/render/redact.ts';
import { createRenderer } from '../../../src/render/render.ts';
import { compileTemplates } from '../../../src/render/templates.ts';
import { type Directive, readDirectives } from '../../../src/render/verify/read-directives.ts';
import {
  builtinTemplates,
  makeBackend,
  makeModel,
  makeRoute,
  makeServer,
  PLAIN_LEAF,
  PROFILE,
  RUNTIME,
  readTemplateTexts,
  SETTINGS,
} from './sample-model.ts';

const templates = builtinTemplates();
const certificate = { id: 'default/tls', chain: 'CHAIN', key: 'SECRET KEY', notAfter: '', ...PLAIN_LEAF };
const withCertificate = { certificates: new Map([[certificate.id, certificate]]) };

function render(model: Model, runtime = RUNTIME): Rendered {
  return createRenderer(templates)(model, { runtime, compile: new Set(model.servers.keys()) });
}

function textOf(rendered: Rendered): string {
  return rendered.files.texts.get('conf/nginx.conf') ?? '';
}

function serverOf(rendered: Rendered, host: string): Directive | undefined {
  const http = readDirectives(textOf(rendered)).find(({ name }) => name === 'http');
  return http?.children?.find((server) =>
    server.children?.some(({ name, args }) => name === 'server_name' && args[0] === host),
  );
}

function argsOf(server: Directive | undefined, directive: string): string[] {
  return (server?.children ?? []).filter(({ name }) => name === directive).map(({ args }) => args.join(' '));
}

function bodyOf(rendered: Rendered, key: string): Document['body'] | undefined {
  return rendered.documents.get(key as `route:${string}`)?.body;
}

function withSettings(settings: Partial<Settings>): Model {
  return makeModel([], { settings: { ...SETTINGS, ...settings } });
}

test('a host without redirect and certificate has a plain server only', () => {
  const server = serverOf(render(makeModel([makeServer('a.example', ['/x', '/x/'])])), 'a.example');
  expect(argsOf(server, 'listen')).toEqual(['80', '[::]:80']);
  expect(argsOf(server, 'ssl_certificate')).toEqual([]);
  expect(argsOf(server, 'location')).toEqual(['= /x', '/x/', '/']);
});

test('a host that redirects has a TLS server only, with both http2 forms', () => {
  const model = makeModel(
    [{ ...makeServer('a.example', ['/'], { sslRedirect: true }), certificate: 'default/tls' }],
    withCertificate,
  );
  const old = serverOf(render(model), 'a.example');
  expect(argsOf(old, 'listen')).toEqual(['443 ssl http2', '[::]:443 ssl http2']);
  // The certificate is Lua's to show; nginx wants to be told of one all the same.
  expect(argsOf(old, 'ssl_certificate')).toEqual(['$from_lua']);
  const rendered = render(model, { ...RUNTIME, http2Directive: true });
  expect(argsOf(serverOf(rendered, 'a.example'), 'listen')).toEqual(['443 ssl', '[::]:443 ssl']);
  expect(textOf(rendered)).toContain('    http2 on;\n');
});

test('both ports when nothing redirects and there is a certificate', () => {
  const model = makeModel([{ ...makeServer('a.example'), certificate: 'default/tls' }], withCertificate);
  expect(argsOf(serverOf(render(model), 'a.example'), 'listen')).toHaveLength(4);
});

test('addresses to bind', () => {
  const text = (settings: Partial<Settings>): string => textOf(render(withSettings(settings)));
  expect(text({ bindAddresses: ['10.0.0.1', '::1'] })).toContain('listen [::1]:80 default_server');
  expect(text({ bindAddresses: ['10.0.0.1', '::1'] })).toContain(
    'listen 10.0.0.1:443 default_server ssl http2',
  );
  expect(text({ bindAddresses: ['10.0.0.1', '::1'], ipv6: false })).not.toContain('[::1]');
  expect(text({ ipv6: false })).not.toContain('[::]');
});

const odd: readonly [string, Server][] = [
  ['the server of every other host', makeServer('*')],
  ['a wildcard', makeServer('*.a.example')],
  ['an upper-case host', makeServer('A.example')],
  ['a path with an escape', makeServer('a.example', ['/a%20b'])],
  ['a path with a space', makeServer('a.example', ['/a b'])],
  ['a path with a quote', makeServer('a.example', ['/a"; } evil {'])],
  ['a path with a variable', makeServer('a.example', ['/$host'])],
  ['dot segments', makeServer('a.example', ['/a/../b'])],
  ['double slashes', makeServer('a.example', ['/a//b'])],
  ['a long path', makeServer('a.example', [`/${'a'.repeat(250)}`])],
  ['the same location twice', makeServer('a.example', ['/a', '/a'])],
  [
    'too many locations',
    makeServer(
      'a.example',
      Array.from({ length: 201 }, (_, i) => `/${i}`),
    ),
  ],
  ['redirects without a certificate', makeServer('a.example', ['/'], { sslRedirect: true })],
];

test.each(odd)('%s is interpreted', (_, server) => {
  expect(isCompilable(server)).toBe(false);
  const rendered = render(makeModel([server]));
  expect(rendered.files.compiled.size).toBe(0);
  expect(rendered.documents.has(`host:${server.host}`)).toBe(true);
  expect(textOf(rendered)).toBe(textOf(render(makeModel([]))));
});

test('preferred hosts are compiled first, then by name', () => {
  const model = makeModel(['c', 'b', 'a', '*'].map((host) => makeServer(host)));
  expect([...chooseCompiled(model, 2, new Set(['c', 'gone']))]).toEqual(['c', 'a']);
  expect(chooseCompiled(model, 0, new Set(['c'])).size).toBe(0);
});

test('the default route takes what no location does', () => {
  const defaultRoute = makeRoute('default-backend', { backend: 'default/fallback/80' });
  const rendered = render(
    makeModel([makeServer('a.example', ['/x']), makeServer('b.example')], { defaultRoute }),
  );
  const server = serverOf(rendered, 'a.example');
  expect(argsOf(server, 'location')).toEqual(['/', '= /x']);
  const keys = rendered.files.compiled.get('a.example');
  expect([...(keys?.keys() ?? [])]).toEqual(['default/shop/a.example/P/x', 'default-backend']);
  expect(rendered.files.compiled.get('b.example')?.has('default-backend')).toBe(false);
  const settings = rendered.documents.get('settings:global')?.body;
  expect(settings).toMatchObject({ defaultRoute: keys?.get('default-backend') });
  expect(rendered.documents.has(`route:${keys?.get('default-backend') ?? ''}`)).toBe(true);
});

test('a key changes with position, profile and redirects of the host, and with nothing else', () => {
  const keyOf = (server: Server): string | undefined =>
    [
      ...(render(makeModel([server]))
        .files.compiled.get('a.example')
        ?.values() ?? []),
    ][0];
  const base = keyOf(makeServer('a.example', ['/a']));
  expect(
    keyOf(
      makeServer('a.example', ['/a'], {
        backend: 'x/y/1',
        timeouts: { connect: 1, send: 1, read: 1 },
        denied: 'no',
      }),
    ),
  ).toBe(base);
  expect(keyOf(makeServer('a.example', ['/a'], { profile: { ...PROFILE, buffering: true } }))).not.toBe(base);
  const [location] = makeServer('a.example', ['/a']).locations;
  if (location === undefined) throw new Error('no location');
  const twice = {
    ...makeServer('a.example'),
    locations: [location, { ...location, match: 'prefix' as const, path: '/a/' }],
  };
  expect(keyOf(twice)).not.toBe(base);
  expect(base).toMatch(/^default\/shop\/a\.example\/P\/a@[0-9a-f]{12}$/);
});

test('a location says of its profile what differs', () => {
  const profile = { ...PROFILE, bodySize: 0, requestBuffering: false };
  const rendered = render(makeModel([makeServer('a.example', ['/'], { profile })]));
  const [location] =
    serverOf(rendered, 'a.example')?.children?.filter(({ name }) => name === 'location') ?? [];
  expect(location?.children?.map(({ name, args }) => [name, ...args].join(' '))).toEqual([
    expect.stringMatching(/^set \$route default\/shop/),
    'client_max_body_size 0',
    'proxy_request_buffering off',
    expect.stringMatching(/^proxy_pass http:\/\/[\da-f]{2}_shard_*$/),
  ]);
});

test('every profile that a route names has its location', () => {
  const profile = { ...PROFILE, nextUpstream: ['off' as const], buffersNumber: 2 };
  const rendered = render(makeModel([makeServer('a.example', ['/'], { profile })]));
  const named = argsOf(serverOf(rendered, '_'), 'location');
  for (const { kind, body } of rendered.documents.values()) {
    if (kind !== 'route') continue;
    const { profile: name, unlimitedProfile } = body as RouteBody;
    expect(named).toEqual(expect.arrayContaining([`@${name}`, `@${unlimitedProfile}`]));
    expect(rendered.files.sections.has(`profile ${name}`)).toBe(true);
  }
  // Six of plain HTTP, two that measure, and four of each protocol that is there before anybody asks.
  expect(named).toHaveLength(1 + 6 + 2 + 12);
});

test('when the ConfigMap has all backends measured, most requests still go on from the first location', () => {
  const model = makeModel([makeServer('*', ['/'])]);
  const lines = (balancing: Settings['defaults']['balancing']) => {
    const settings = { ...model.settings, defaults: { ...model.settings.defaults, balancing } };
    const server = serverOf(render({ ...model, settings }), '_');
    const first = server?.children?.find(({ name, args }) => name === 'location' && args[0] === '/');
    return first?.children?.map(({ name, args }) => [name, ...args].join(' ')) ?? [];
  };
  const usual = model.settings.defaults.balancing;
  expect(lines(usual)).not.toContain('set $measured 1');
  expect(lines({ ...usual, algorithm: 'least_conn' })).toEqual(
    expect.arrayContaining(['set $measured 1', expect.stringMatching(/^log_by_lua_block/)]),
  );
});

test('documents say only what differs from the settings', () => {
  const plain = render(makeModel([makeServer('*', ['/'])]));
  const [key] = [...plain.documents.keys()].filter((name) => name.startsWith('route:'));
  expect(bodyOf(plain, key ?? '')).toEqual({
    ingress: 'default/shop',
    backend: 'default/shop/80',
    tries: 3,
    bodySize: 1_048_576,
    profile: expect.stringMatching(/^p[0-9a-f]{32}$/),
    unlimitedProfile: expect.stringMatching(/^p[0-9a-f]{32}$/),
    shard: expect.stringMatching(/^[\da-f]{2}_shard_*$/),
  });
  const canary = {
    object: '',
    backend: 'c',
    header: 'x-a',
    headerValue: null,
    headerPattern: null,
    cookie: null,
    weight: 10,
    weightTotal: 100,
    bucketBy: null,
    ramp: null,
  };
  const full = render(
    makeModel([
      makeServer('*', ['/'], {
        timeouts: { connect: 1, send: 2, read: 3 },
        denied: 'auth',
        sslRedirect: true,
        nextUpstreamTimeout: 9,
        canaries: [canary],
      }),
    ]),
  );
  const [other] = [...full.documents.keys()].filter((name) => name.startsWith('route:'));
  expect(bodyOf(full, other ?? '')).toMatchObject({
    timeouts: { connect: 1, send: 2, read: 3 },
    denied: 'auth',
    sslRedirect: true,
    triesTimeout: 9,
    canaries: [{ backend: 'c', header: 'x-a', weight: 10, weightTotal: 100 }],
  });
});

test('a line of a document is its canonical JSON', () => {
  for (const document of render(makeModel([makeServer('*')], withCertificate)).documents.values()) {
    const { kind, id, digest, body, line } = document;
    expect(JSON.parse(line)).toEqual({ v: 1, kind, id, digest, body });
    expect(Object.keys(JSON.parse(line))).toEqual(['body', 'digest', 'id', 'kind', 'v']);
  }
});

test('an unchanged object gives the identical document, and unchanged files the identical files', () => {
  const renderer = createRenderer(templates);
  const options = { runtime: RUNTIME, compile: new Set(['a.example', 'b.example']) };
  const model = makeModel([makeServer('a.example'), makeServer('b.example')], withCertificate);
  const first = renderer(model, options);
  const backends = new Map([['default/shop/80', makeBackend('default/shop/80', ['10.0.0.2'])]]);
  const second = renderer({ ...model, backends }, options);
  expect(second.files).toBe(first.files);
  const servers = new Map([...model.servers, ['b.example', makeServer('b.example', ['/y'])] as const]);
  const third = renderer({ ...model, backends, servers }, options);
  expect(third.files.digest).not.toBe(first.files.digest);
  for (const [key, document] of first.documents) {
    if (key === 'backend:default/shop/80') expect(second.documents.get(key)).not.toBe(document);
    else expect(second.documents.get(key)).toBe(document);
    if (key.includes('a.example') || key === 'certificate:default/tls')
      expect(third.documents.get(key)).toBe(document);
  }
});

test('lines name the host that stands there', () => {
  const rendered = render(makeModel([makeServer('b.example'), makeServer('a.example', ['/x'])]));
  const lines = textOf(rendered).split('\n');
  expect(rendered.files.lines.map(({ host }) => host)).toEqual(['a.example', 'b.example']);
  for (const { host, first, last, objects } of rendered.files.lines) {
    expect(lines[first - 1]).toBe('    server {');
    expect(lines[first]).toBe(`        server_name ${host};`);
    expect(lines[last - 1]).toBe('    }');
    expect(objects).toEqual(['Ingress/default/shop']);
  }
});

test('private keys are in documents and nowhere else', () => {
  const rendered = render(
    makeModel([{ ...makeServer('a.example'), certificate: 'default/tls' }], withCertificate),
  );
  expect(textOf(rendered)).not.toContain('SECRET');
  expect(renderDocumentsJson(rendered)).not.toContain('SECRET');
  expect(renderDocumentsJson(rendered)).toContain('CHAIN');
  const document = rendered.documents.get('certificate:default/tls');
  if (document === undefined) throw new Error('no certificate');
  expect(document.line).toContain('SECRET KEY');
  expect(redactDocument(document).body).toMatchObject({
    chain: 'CHAIN',
    key: expect.stringContaining('redacted'),
  });
});

test('a rendered file reads well: no blank pairs, no trailing space, no tab', () => {
  const variants = [
    makeModel([makeServer('a.example')]),
    withSettings({
      useForwardedHeaders: true,
      computeFullForwardedFor: true,
      hsts: null,
      accessLog: false,
      maxWorkerOpenFiles: 99,
      upstreamKeepaliveConnections: 0,
    }),
  ];
  for (const model of variants) {
    const text = textOf(
      render(model, {
        ...RUNTIME,
        modules: ['/m/a.so'],
        luaCpath: ['/c/?.so'],
        includeMain: ['/o/main.conf'],
        includeHttp: ['/o/http.conf'],
      }),
    );
    expect(text).not.toMatch(/\n\n\n|[ \t]\n|\t|\{\n\n|\n\n *\}/);
    expect(text.endsWith('\n')).toBe(true);
  }
});

test('an override that breaks the file is a template error and built-in templates are not', () => {
  const texts = readTemplateTexts().set(
    'server.hbs',
    '    server { server_name {{host host}}; user root; }\n',
  );
  const result = compileTemplates(texts, new Set(['server.hbs']));
  if ('errors' in result) throw new Error('did not compile');
  const renderer = createRenderer(result.templates);
  const options = { runtime: RUNTIME, compile: new Set(['a.example']) };
  expect(() => renderer(makeModel([makeServer('a.example')]), options)).toThrow(
    /"user" is not allowed in server/,
  );
  expect(() => renderer(makeModel([makeServer('a.example')]), options)).toThrow(
    expect.objectContaining({ name: 'TemplateFailure' }),
  );
});

test('an override of good form is used', () => {
  const texts = readTemplateTexts();
  const http = texts.get('http.hbs') ?? '';
  const result = compileTemplates(texts.set('http.hbs', `${http}    gzip on;\n`), new Set(['http.hbs']));
  if ('errors' in result) throw new Error('did not compile');
  const rendered = createRenderer(result.templates)(makeModel([]), { runtime: RUNTIME, compile: new Set() });
  expect(textOf(rendered)).toContain('\n    gzip on;\n');
});

test('another Ingress behind the same text is named behind its lines', () => {
  const renderer = createRenderer(builtinTemplates());
  const options = { runtime: RUNTIME, compile: new Set(['a.example']) };
  const of = (object: string) =>
    renderer(makeModel([{ ...makeServer('a.example', ['/']), objects: [object] }]), options).files.lines[0]
      ?.objects;
  expect(of('Ingress/default/x')).toEqual(['Ingress/default/x']);
  expect(of('Ingress/default/z')).toEqual(['Ingress/default/z']);
});
