// Model → documents: the whole truth of the gateway as Lua reads it. An unchanged object of the model gives the
// identical Document, so that later steps can tell by identity what has not changed.

import {
  type Document,
  type DocumentKey,
  type DocumentKind,
  documentKey,
  type HostBody,
  type SettingsBody,
} from '../model/document.ts';
import type { Backend, Certificate, Model, Server } from '../model/model.ts';
import { mapChanges, patchMap } from '../model/patched-map.ts';
import type { Identity } from '../model/upstream.ts';
import { backendBody } from './backend-document.ts';
import { makeDocument } from './document.ts';
import { regexBody } from './regex-host.ts';
import { createRouteDocuments } from './route-document.ts';
import { defaultRouteKey, routeKeys } from './route-key.ts';

/** To be called with every model: between two calls it looks only at what moved. */
export function createDocuments(): (model: Model) => ReadonlyMap<DocumentKey, Document> {
  const backendDocument = remember(makeBackend);
  const certificateDocument = remember(makeCertificate);
  const identityDocument = remember(makeIdentity);
  const routeDocument = createRouteDocuments();
  const ofServers = new Map<string, readonly Document[]>();
  let settings: Document | null = null;
  let seen: Seen = NOTHING;
  let documents: ReadonlyMap<DocumentKey, Document> = new Map();

  return (model) => {
    const changes = new Map<DocumentKey, Document | undefined>();
    const put = (document: Document): void => void changes.set(documentKey(document), document);
    const replace = <Source>(
      kind: DocumentKind,
      [before, after]: readonly [ReadonlyMap<string, Source>, ReadonlyMap<string, Source>],
      make: (source: Source) => Document,
    ): void => {
      for (const { key, after: now } of mapChanges(before, after))
        changes.set(`${kind}:${key}`, now === undefined ? undefined : make(now));
    };
    const global = settingsDocument(model);
    const { timeouts } = global.body as SettingsBody;
    replace('certificate', [seen.certificates, model.certificates], certificateDocument);
    replace('identity', [seen.identities, model.identities], identityDocument);
    replace('backend', [seen.backends, model.backends], backendDocument);
    const servers = serversToLookAt(model, timeouts);
    for (const host of servers)
      for (const old of ofServers.get(host) ?? []) changes.set(documentKey(old), undefined);
    if (seen.defaultRoute !== null) changes.set(`route:${defaultRouteKey(seen.defaultRoute)}`, undefined);
    for (const host of servers) {
      const made = serverDocuments(model.servers.get(host), model, timeouts);
      if (made.length === 0) ofServers.delete(host);
      else ofServers.set(host, made);
      made.forEach(put);
    }
    if (model.defaultRoute !== null)
      put(routeDocument(model.defaultRoute, defaultRouteKey(model.defaultRoute), timeouts));
    put(global);
    seen = { ...model, timeouts };
    documents = patchMap(documents, changes);
    return documents;
  };

  function settingsDocument(model: Model): Document {
    const global = makeDocument('settings', 'global', settingsBody(model));
    settings = settings?.digest === global.digest ? settings : global;
    return settings;
  }

  /** Those that moved; all, when something moved that any of them may show. */
  function serversToLookAt(model: Model, timeouts: SettingsBody['timeouts']): Iterable<string> {
    const moved = mapChanges(seen.servers, model.servers).map(({ key }) => key);
    if (seen.timeouts === null || !sameTimeouts(seen.timeouts, timeouts))
      return new Set([...ofServers.keys(), ...model.servers.keys()]);
    const come = mapChanges(seen.certificates, model.certificates)
      .filter(({ before, after }) => before === undefined || after === undefined)
      .map(({ key }) => key);
    if (come.length === 0) return moved;
    const ids = new Set(come);
    const showing = [...model.servers.values()].filter(({ certificate }) => ids.has(certificate ?? ''));
    return new Set([...moved, ...showing.map(({ host }) => host)]);
  }

  function serverDocuments(
    server: Server | undefined,
    model: Model,
    timeouts: SettingsBody['timeouts'],
  ): readonly Document[] {
    if (server === undefined) return [];
    const keys = routeKeys(server);
    const routes = server.locations.map(({ route }) =>
      routeDocument(route, keys.get(route.id) ?? '', timeouts),
    );
    const certificate = server.certificate !== null && model.certificates.has(server.certificate);
    return [...routes, makeDocument('host', server.host, hostBody(server, certificate))];
  }
}

function sameTimeouts(a: SettingsBody['timeouts'], b: SettingsBody['timeouts']): boolean {
  return a.connect === b.connect && a.send === b.send && a.read === b.read;
}

interface Seen extends Pick<Model, 'backends' | 'certificates' | 'identities' | 'servers' | 'defaultRoute'> {
  readonly timeouts: SettingsBody['timeouts'] | null;
}

const NOTHING: Seen = {
  backends: new Map(),
  certificates: new Map(),
  identities: new Map(),
  servers: new Map(),
  defaultRoute: null,
  timeouts: null,
};

function settingsBody({ settings, certificates, defaultRoute }: Model): SettingsBody {
  const { defaultCertificate } = settings;
  return {
    httpRedirectCode: settings.httpRedirectCode,
    noTlsRedirectLocations: settings.noTlsRedirectLocations,
    ...(defaultCertificate !== null && certificates.has(defaultCertificate) ? { defaultCertificate } : {}),
    ...(defaultRoute === null ? {} : { defaultRoute: defaultRouteKey(defaultRoute) }),
    timeouts: {
      connect: settings.proxyConnectTimeout,
      send: settings.proxySendTimeout,
      read: settings.proxyReadTimeout,
    },
  };
}

function hostBody(server: Server, hasCertificate: boolean): HostBody {
  const keys = routeKeys(server);
  const table = (wanted: 'exact' | 'prefix'): Record<string, string> =>
    Object.fromEntries(
      server.locations
        .filter(({ match }) => match === wanted)
        .map(({ path, route }) => [path, keys.get(route.id) ?? '']),
    );
  return {
    ...(hasCertificate && server.certificate !== null ? { certificate: server.certificate } : {}),
    ...(hasCertificate && server.otherCertificates.length > 0
      ? { otherCertificates: server.otherCertificates }
      : {}),
    exact: table('exact'),
    prefix: table('prefix'),
    ...regexBody(server, keys),
    ...(server.appRoot === undefined ? {} : { appRoot: server.appRoot }),
  };
}

function makeCertificate({ id, chain, key, schemes, staple }: Certificate): Document {
  const ocsp = staple === null ? {} : { ocsp: staple };
  return makeDocument('certificate', id, { chain, key, schemes, ...ocsp });
}

function makeIdentity({ id, chain, key }: Identity): Document {
  return makeDocument('identity', id, { chain, key });
}

function makeBackend(backend: Backend): Document {
  return makeDocument('backend', backend.id, backendBody(backend));
}

function remember<Source extends object>(make: (source: Source) => Document): (source: Source) => Document {
  const made = new WeakMap<Source, Document>();
  return (source) => {
    const known = made.get(source);
    if (known !== undefined) return known;
    const document = make(source);
    made.set(source, document);
    return document;
  };
}
