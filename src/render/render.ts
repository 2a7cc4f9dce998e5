// Model → files and documents. The file is made of sections, each rendered by itself: a section that has not
// changed costs nothing, and the difference of two files can be said in words.

import { forgetful } from '../model/forgetful.ts';
import type { Model, RouteId } from '../model/model.ts';
import type { Rendered, RenderedFiles } from '../model/rendered.ts';
import { LAYOUT, type Runtime } from '../model/runtime.ts';
import { digest } from './digest.ts';
import { createDocuments } from './documents.ts';
import { renderedText } from './helpers/rendered-text.ts';
import { createHostSections, type HostSection } from './host-section.ts';
import { createProfiles, profilesOf } from './profile.ts';
import { createPatternCount, regexCacheEntries } from './regex-host.ts';
import { sourceLines } from './source-lines.ts';
import { TemplateFailure } from './template-error.ts';
import type { Templates } from './templates.ts';
import { identityBlocks } from './upstream-block.ts';
import { verifyFile } from './verify/verify.ts';
import {
  defaultServerView,
  httpView,
  internalView,
  namesView,
  sharedBlocks,
  upstreamsView,
} from './view/http.ts';
import { initView, mainView } from './view/main.ts';
import { authorityFile, passView } from './view/pass.ts';

export interface RenderOptions {
  readonly runtime: Runtime;
  /** Hosts that shall have a `server` of their own; those that cannot are interpreted all the same. */
  readonly compile: ReadonlySet<string>;
}

export type Renderer = (model: Model, options: RenderOptions) => Rendered;

/**
 * A closure that remembers by identity; its results equal those of a fresh one. Throws TemplateFailure when an
 * overridden template does not fit this model: the caller keeps what it had.
 */
export function createRenderer(templates: Templates): Renderer {
  return forgetful(() => remembering(templates));
}

function remembering(templates: Templates): Renderer {
  const documents = createDocuments();
  const hostSections = createHostSections(templates);
  const profiles = createProfiles();
  const patterns = createPatternCount();
  const common = createCommon(templates);
  let last: { readonly parts: Parts; readonly files: RenderedFiles } | null = null;
  let seen: (RenderOptions & { readonly model: Model }) | null = null;

  return (model, { runtime, compile }) => {
    const same = seen !== null && seen.runtime === runtime && sameSet(seen.compile, compile);
    if (last !== null && seen !== null && same && sameButDocuments(seen.model, model))
      return { files: last.files, documents: documents(model) };
    profiles(model);
    patterns(model);
    const hosts = hostSections(model, runtime, compile);
    const names = templates.render('names.hbs', namesView(hosts.map(({ host }) => host)));
    const parts: Parts = { ...common(model, runtime), names, hosts };
    if (last === null || !sameParts(last.parts, parts)) {
      last = { parts, files: join(templates, parts, runtime, model) };
    }
    seen = { model, runtime, compile };
    return { files: last.files, documents: documents(model) };
  };
}

/** Nothing has moved that any file shows. */
function sameButDocuments(a: Model, b: Model): boolean {
  return (Object.keys(b) as (keyof Model)[]).every((field) => FILELESS.has(field) || a[field] === b[field]);
}

const FILELESS: ReadonlySet<keyof Model> = new Set(['backends', 'certificates', 'diagnostics']);

function sameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a === b || (a.size === b.size && [...a].every((host) => b.has(host)));
}

interface Parts {
  readonly main: string;
  readonly http: string;
  readonly names: string;
  readonly defaultServer: string;
  readonly upstreams: string;
  readonly internal: string;
  readonly lua: string;
  readonly profiles: ReadonlyMap<string, string>;
  /** Upstream blocks of one identity each, by name. */
  readonly blocks: ReadonlyMap<string, string>;
  readonly hosts: readonly HostSection[];
}

type Frame = Record<'init' | 'http' | 'names' | 'defaultServer' | 'upstreams' | 'internal', string>;

type Common = Omit<Parts, 'names' | 'hosts'>;

/** The parts that do not follow the hosts, remembered for as long as nothing but hosts moves. */
function createCommon(templates: Templates): (model: Model, runtime: Runtime) => Common {
  let last: { readonly of: readonly unknown[]; readonly parts: Common } | null = null;
  return (model, runtime) => {
    const rest = (Object.keys(model) as (keyof Model)[]).filter(
      (field) => field !== 'servers' && !FILELESS.has(field),
    );
    const ofServers = [profilesOf(model), regexCacheEntries(model)];
    const of = [runtime, ...ofServers, ...rest.map((field) => model[field])];
    const same = last?.of.length === of.length && last.of.every((item, index) => item === of[index]);
    if (last === null || !same) last = { of, parts: commonParts(templates, model, runtime) };
    return last.parts;
  };
}

function commonParts(templates: Templates, model: Model, runtime: Runtime): Common {
  const { settings } = model;
  const profiles = new Map<string, string>();
  for (const [name, profile] of profilesOf(model)) {
    profiles.set(name, templates.render('profile.hbs', { name, ...passView(profile, settings, runtime) }));
  }
  const empty = { init: '', http: '', names: '', defaultServer: '', upstreams: '', internal: '' };
  return {
    main: frame(templates, model, runtime, empty, []),
    http: templates.render('http.hbs', httpView(settings, runtime)),
    defaultServer: templates.render('default-server.hbs', defaultServerView(settings, runtime, [])),
    upstreams: templates.render('upstreams.hbs', upstreamsView(settings, sharedBlocks())),
    internal: templates.render('internal.hbs', internalView(runtime)),
    lua: templates.render('init.hbs', initView(model, runtime, '', [])),
    profiles,
    blocks: new Map(
      identityBlocks(model).map((block) => [
        block.name,
        templates.render('upstreams.hbs', upstreamsView(settings, [block])),
      ]),
    ),
  };
}

function join(templates: Templates, parts: Parts, runtime: Runtime, model: Model): RenderedFiles {
  const profileTexts = [...parts.profiles.values()].map(renderedText);
  const rest: Omit<Frame, 'init'> = {
    http: parts.http,
    names: parts.names,
    defaultServer: templates.render(
      'default-server.hbs',
      defaultServerView(model.settings, runtime, profileTexts),
    ),
    upstreams: [parts.upstreams, ...parts.blocks.values()].join(''),
    internal: parts.internal,
  };
  const whole = (files: string): string => {
    const init = templates.render('init.hbs', initView(model, runtime, files, [...parts.profiles.keys()]));
    return frame(templates, model, runtime, { init, ...rest }, parts.hosts);
  };
  const sum = digest(`${LAYOUT.config}\n${whole('')}`);
  const text = whole(sum);
  verify(templates, text, parts.hosts, runtime);
  return {
    texts: new Map([[LAYOUT.config, text], ...authorityTexts(model)]),
    digest: sum,
    sections: sectionsOf(parts),
    compiled: new Map(
      parts.hosts.map(({ host, keys }): [string, ReadonlyMap<RouteId, string>] => [host, keys]),
    ),
    terms: new Map(
      parts.hosts.flatMap(({ host, terms }) => (terms === null ? [] : [[host, terms] as const])),
    ),
    lines: sourceLines(LAYOUT.config, text, parts.hosts),
  };
}

/** Their names say what they hold, so the digest of the configuration is one of them all. */
function authorityTexts({ authorities }: Model): readonly (readonly [string, string])[] {
  return [...authorities.values()]
    .map(({ id, bundle }) => [authorityFile(id), bundle] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function frame(
  templates: Templates,
  model: Model,
  runtime: Runtime,
  texts: Frame,
  hosts: readonly HostSection[],
): string {
  const sections = Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [name, renderedText(text)]),
  );
  return templates.render('nginx.conf.hbs', {
    ...mainView(model.settings, runtime),
    ...sections,
    hosts: hosts.map(({ text }) => renderedText(text)),
  });
}

function sectionsOf(parts: Parts): ReadonlyMap<string, string> {
  const http = [parts.http, parts.defaultServer, parts.upstreams, parts.internal, parts.lua];
  return new Map([
    ['main', digest(parts.main)],
    ['http', digest(http.join('\n'))],
    ['names', digest(parts.names)],
    ...[...parts.profiles].map(([name, text]): [string, string] => [`profile ${name}`, digest(text)]),
    ...[...parts.blocks].map(([name, text]): [string, string] => [`upstream ${name}`, digest(text)]),
    ...parts.hosts.map(({ host, digest: sum }): [string, string] => [`host ${host}`, sum]),
  ]);
}

function sameParts(a: Parts, b: Parts): boolean {
  const { profiles: profilesA, blocks: blocksA, hosts: hostsA, ...textsA } = a;
  const { profiles: profilesB, blocks: blocksB, hosts: hostsB, ...textsB } = b;
  if (hostsA.length !== hostsB.length) return false;
  if (!sameTexts(profilesA, profilesB) || !sameTexts(blocksA, blocksB)) return false;
  if (Object.entries(textsA).some(([name, text]) => textsB[name as keyof typeof textsB] !== text))
    return false;
  return hostsA.every((section, index) => {
    const other = hostsB[index];
    return section === other || (other !== undefined && sameSection(section, other));
  });
}

function sameTexts(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([name, text]) => b.get(name) === text);
}

/** The objects are not in the text, but in what is said of its lines. */
function sameSection(a: HostSection, b: HostSection): boolean {
  return a.host === b.host && a.digest === b.digest && a.objects.join() === b.objects.join();
}

function verify(templates: Templates, text: string, hosts: readonly HostSection[], runtime: Runtime): void {
  const problems = verifyFile(text, {
    hosts: hosts.map(({ view }) => view),
    runtime,
    overridden: templates.overridden,
  });
  if (problems.length === 0) return;
  if (!templates.overridden) {
    throw new Error(
      `the rendered file is not what was meant: ${problems.map(({ line, message }) => `line ${line}: ${message}`).join('; ')}`,
    );
  }
  const errors = problems.map(({ line, message }) => ({
    file: 'nginx.conf.hbs',
    line: 0,
    column: 0,
    message: `line ${line} of the rendered file: ${message}`,
  }));
  throw new TemplateFailure(errors);
}
