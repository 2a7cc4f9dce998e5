// Connections are kept by upstream block and address alone. So: other protocol, other name, other certificate, other
// trust, other block; and the directives of a location are those of the block that it passes to.
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RouteBody } from '../../src/model/document.ts';
import type { Model } from '../../src/model/model.ts';
import type { Applied } from '../../src/model/plan.ts';
import type { Profile } from '../../src/model/settings.ts';
import type { Upstream } from '../../src/model/upstream.ts';
import { afterPush, compileProven, compileStarted, plan } from '../../src/plan/plan.ts';
import { canonicalJson } from '../../src/render/canonical-json.ts';
import { profileName } from '../../src/render/profile.ts';
import { createRenderer } from '../../src/render/render.ts';
import { blockOf } from '../../src/render/upstream-block.ts';
import { type Directive, readDirectives } from '../../src/render/verify/read-directives.ts';
import {
  builtinTemplates,
  makeModel,
  makeRoute,
  makeServer,
  PROFILE,
  RUNTIME,
} from '../unit/render/sample-model.ts';
import { upstream } from './sample-worlds.ts';

const render = createRenderer(builtinTemplates());
const backend = fc.constantFrom('default/a/80', 'default/b/80', 'other/c/443');

test('what differs in anything that a connection has is kept apart', () => {
  fc.assert(
    fc.property(upstream, upstream, backend, backend, (one, two, from, to) => {
      const [a, b] = [blockFor(one, from), blockFor(two, to)];
      if (canonicalJson(one) !== canonicalJson(two)) expect(a).not.toBe(b);
      for (const block of [a, b]) expect(block).not.toMatch(/shard/);
    }),
    { numRuns: 1000 },
  );
});

test('every block that a location passes to is there once, and its directives are those of the profile', () => {
  fc.assert(
    fc.property(fc.array(upstream, { minLength: 1, maxLength: 4 }), fc.boolean(), (list, compiled) => {
      const model = modelOf(list);
      const { files, documents } = render(model, {
        runtime: RUNTIME,
        compile: new Set(compiled ? model.servers.keys() : []),
      });
      const http = readDirectives(files.texts.get('conf/nginx.conf') ?? '').find(
        ({ name }) => name === 'http',
      );
      const blocks = childrenOf(http, 'upstream').map(({ args }) => args[0] ?? '');
      expect(new Set(blocks).size).toBe(blocks.length);
      const servers = childrenOf(http, 'server');
      const interpreter = servers.find((server) => firstArgument(server, 'server_name') === '_');
      for (const { kind, body } of documents.values()) {
        if (kind !== 'route') continue;
        const { profile, shard } = body as RouteBody;
        const location = childrenOf(interpreter, 'location').find(({ args }) => args[0] === `@${profile}`);
        const auto = shard.startsWith('auto_');
        for (const name of auto ? [`http_${shard}`, `https_${shard}`] : [shard])
          expect(blocks).toContain(name);
        expect(location).toBeDefined();
      }
      for (const [host, { locations }] of model.servers) {
        const [wanted] = locations;
        const server = servers.find((item) => firstArgument(item, 'server_name') === host);
        const place = compiled
          ? childrenOf(server, 'location')[0]
          : childrenOf(interpreter, 'location').find(
              ({ args }) => args[0] === `@${profileName(wanted?.route.profile as Profile)}`,
            );
        const upstreamOf = wanted?.route.profile.upstream as Upstream;
        expectDirectives(
          place,
          upstreamOf,
          compiled && wanted !== undefined ? blockOf(wanted.route) : '$shard',
        );
      }
    }),
    { numRuns: 100 },
  );
});

test('a certificate that is renewed touches documents alone, and no key is ever in a file', () => {
  fc.assert(
    fc.property(upstream, (wanted) => {
      const key = '-----BEGIN PRIVATE KEY-----';
      const of = (text: string): Model => ({
        ...modelOf([wanted]),
        identities: new Map([['default/s', { id: 'default/s', chain: 'chain', key: `${key}${text}` }]]),
      });
      const first = render(of('one'), { runtime: RUNTIME, compile: new Set(['host-0.example']) });
      for (const text of first.files.texts.values()) expect(text).not.toContain('PRIVATE');
      const nothing: Applied = { documents: new Map(), files: null, compiling: null };
      const start = plan(nothing, first);
      if (start.kind !== 'push+compile') throw new Error(start.kind);
      const applied = compileProven(compileStarted(afterPush(nothing, start.change), first.files));
      const second = render(of('two'), { runtime: RUNTIME, compile: new Set(['host-0.example']) });
      const next = plan(applied, second);
      expect([next.kind, next.reasons]).toEqual(['push', ['identity default/s: changed']]);
    }),
    { numRuns: 30 },
  );
});

function blockFor(wanted: Upstream, to: string): string {
  return blockOf(makeRoute('r', { backend: to, profile: { ...PROFILE, upstream: wanted } }));
}

function modelOf(list: readonly Upstream[]): Model {
  return makeModel(
    list.map((wanted, i) =>
      makeServer(`host-${i}.example`, ['/'], { profile: { ...PROFILE, upstream: wanted } }),
    ),
  );
}

function expectDirectives(location: Directive | undefined, { protocol, tls }: Upstream, block: string): void {
  const prefix = protocol.startsWith('GRPC') ? 'grpc' : 'proxy';
  const said = (name: string) => firstArgument(location, `${prefix}_ssl_${name}`);
  expect(
    firstArgument(location, 'proxy_pass') ??
      firstArgument(location, 'grpc_pass') ??
      firstArgument(location, 'fastcgi_pass'),
  ).toBe(
    protocol === 'FCGI'
      ? block
      : protocol === 'AUTO_HTTP'
        ? '$scheme://$\x7bscheme}_$shard'
        : `${protocol.toLowerCase()}://${block}`,
  );
  expect(said('certificate')).toBe(tls?.identity == null ? undefined : '$identity_chain');
  expect(said('certificate_key')).toBe(tls?.identity == null ? undefined : '$identity_key');
  expect(said('verify')).toBe(tls?.authority == null ? undefined : 'on');
  expect(said('trusted_certificate')).toBe(
    tls?.authority == null ? undefined : `${RUNTIME.prefix}/conf/authorities/${tls.authority}.pem`,
  );
  expect(said('name')).toBe(tls?.name ?? undefined);
  expect(said('server_name')).toBe(tls === null ? undefined : tls.serverName ? 'on' : 'off');
  expect(said('ciphers')).toBe(tls?.ciphers);
}

function childrenOf(directive: Directive | undefined, name: string): readonly Directive[] {
  return (directive?.children ?? []).filter((child) => child.name === name);
}

function firstArgument(directive: Directive | undefined, name: string): string | undefined {
  return childrenOf(directive, name)[0]?.args[0];
}
