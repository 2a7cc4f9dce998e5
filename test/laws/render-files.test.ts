// What holds for every model: the same bytes in any order, user text never in files, addresses never in files.
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Model, Server } from '../../src/model/model.ts';
import type { Rendered } from '../../src/model/rendered.ts';
import { createRenderer } from '../../src/render/render.ts';
import { type Directive, readDirectives } from '../../src/render/verify/read-directives.ts';
import { builtinTemplates, makeModel, makeServer, RUNTIME } from '../unit/render/sample-model.ts';
import { hostileServers, tameModel } from './sample-worlds.ts';

const templates = builtinTemplates();

function render(model: Model, renderer = createRenderer(templates)): Rendered {
  return renderer(model, { runtime: RUNTIME, compile: new Set(model.servers.keys()) });
}

function textOf(rendered: Rendered): string {
  return rendered.files.texts.get('conf/nginx.conf') ?? '';
}

function plainly(rendered: Rendered): unknown {
  const documents = [...rendered.documents].sort(([a], [b]) => (a < b ? -1 : 1));
  return { ...rendered.files, sections: [...rendered.files.sections], documents };
}

function reversed(model: Model): Model {
  const turn = <Value>(map: ReadonlyMap<string, Value>): Map<string, Value> => new Map([...map].reverse());
  // The order of regular expressions is what they mean.
  const locations = (server: Server) =>
    server.locations.some(({ match }) => match === 'regex')
      ? server.locations
      : server.locations.toReversed();
  const servers = [...turn(model.servers)].map(
    ([host, server]) => [host, { ...server, locations: locations(server) }] as const,
  );
  return { ...model, servers: new Map(servers), backends: turn(model.backends) };
}

test('the order in which a model was built does not show', () => {
  fc.assert(
    fc.property(tameModel, (model) => {
      expect(plainly(render(reversed(model)))).toEqual(plainly(render(model)));
    }),
  );
});

test('a renderer that remembers gives what a fresh one gives', () => {
  const renderer = createRenderer(templates);
  fc.assert(
    fc.property(fc.array(tameModel, { minLength: 2, maxLength: 4 }), (models) => {
      for (const model of models) expect(plainly(render(model, renderer))).toEqual(plainly(render(model)));
    }),
    { numRuns: 40 },
  );
});

test('hostile text beside a good host does not change the good host, nor the shape of the file', () => {
  const good = makeServer('good.example', ['/', '/a']);
  fc.assert(
    fc.property(hostileServers, (servers) => {
      const bad = servers.filter(({ host }) => host !== good.host);
      const rendered = render(makeModel([good, ...bad]));
      const without = render(makeModel([good]));
      expect(rendered.files.sections.get('host good.example')).toBe(
        without.files.sections.get('host good.example'),
      );
      const compiled = new Set(rendered.files.compiled.keys());
      const shape = shapeOf(readDirectives(textOf(rendered)), compiled);
      const kept = new Set(['good.example']);
      expect(shape).toEqual(shapeOf(readDirectives(textOf(without)), kept));
      for (const host of compiled) expect(host).toMatch(/^[a-z0-9._-]+$/);
      for (const document of rendered.documents.values()) {
        expect(document.line).not.toContain('\n');
        expect(JSON.parse(document.line).id).toBe(document.id);
      }
    }),
    { numRuns: 300 },
  );
});

test('no address of an endpoint is ever in a file', () => {
  fc.assert(
    fc.property(tameModel, (model) => {
      const text = textOf(render(model));
      const addresses = [...model.backends.values()].flatMap(({ endpoints }) =>
        endpoints.map(({ address }) => address),
      );
      for (const address of addresses.filter((entry) => entry !== '0.0.0.0' && entry !== '0.0.0.1')) {
        expect(text).not.toContain(` ${address}`);
      }
    }),
  );
});

/** Names of directives, nested, without the servers of compiled hosts and the profiles' locations and blocks. */
function shapeOf(directives: readonly Directive[], compiled: ReadonlySet<string>): unknown {
  return directives
    .filter(({ name, args }) => name !== 'upstream' || !/_[0-9a-f]{32}$/.test(args[0] ?? ''))
    .filter(
      ({ children }) =>
        !children?.some(({ name, args }) => name === 'server_name' && compiled.has(args[0] ?? '')),
    )
    .filter(({ name, args }) => !(name === 'location' && args[0]?.startsWith('@')))
    .map(({ name, children }) => (children === null ? name : [name, shapeOf(children, compiled)]));
}
