// The sections of compiled hosts, each remembered by what it was made of.

import type { Model, Route, RouteId, Server } from '../model/model.ts';
import type { Runtime } from '../model/runtime.ts';
import type { Settings } from '../model/settings.ts';
import { isCompilable } from './compilable.ts';
import { digest } from './digest.ts';
import type { HostText } from './source-lines.ts';
import type { Templates } from './templates.ts';
import { compiledTerms } from './terms.ts';
import { compiledKeys, fallbackFits, type ServerView, serverView } from './view/server.ts';

export interface HostSection extends HostText {
  readonly digest: string;
  readonly view: ServerView;
  readonly keys: ReadonlyMap<RouteId, string>;
  /** What all of its locations share; null when they differ in more than place and key. */
  readonly terms: string | null;
}

type Sections = (model: Model, runtime: Runtime, compile: ReadonlySet<string>) => readonly HostSection[];

/** Sorted by host. */
export function createHostSections(templates: Templates): Sections {
  const made = new WeakMap<Server, { readonly of: Origin; readonly section: HostSection }>();

  return (model, runtime, compile) => {
    const sections: HostSection[] = [];
    for (const host of [...compile].sort()) {
      const server = model.servers.get(host);
      if (server === undefined || !isCompilable(server) || !fallbackFits(server, model)) continue;
      sections.push(sectionOf(server, model, runtime));
    }
    return sections;
  };

  function sectionOf(server: Server, model: Model, runtime: Runtime): HostSection {
    const of: Origin = { settings: model.settings, runtime, defaultRoute: model.defaultRoute };
    const known = made.get(server);
    if (known !== undefined && sameOrigin(known.of, of)) return known.section;
    const view = serverView(server, model, runtime);
    const text = templates.render('server.hbs', view);
    const keys = compiledKeys(server, model);
    const terms = compiledTerms(server, model);
    const section = {
      host: server.host,
      objects: server.objects,
      text,
      digest: digest(text),
      view,
      keys,
      terms,
    };
    made.set(server, { of, section });
    return section;
  }
}

/** All that a section depends on beside its server. */
interface Origin {
  readonly settings: Settings;
  readonly runtime: Runtime;
  readonly defaultRoute: Route | null;
}

function sameOrigin(a: Origin, b: Origin): boolean {
  return a.settings === b.settings && a.runtime === b.runtime && a.defaultRoute === b.defaultRoute;
}
