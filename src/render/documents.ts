// Model → documents: the whole truth of the gateway as Lua reads it. An unchanged object of the model gives the
// identical Document, so that later steps can tell by identity what has not changed.

import {
  type Document,
  type DocumentKey,
  documentKey,
  type HostBody,
  type SettingsBody,
} from '../model/document.ts';
import type { Backend, Certificate, Model, Server } from '../model/model.ts';
import { makeDocument } from './document.ts';
import { createRouteDocuments } from './route-document.ts';
import { defaultRouteKey, routeKeys } from './route-key.ts';

export function createDocuments(): (model: Model) => ReadonlyMap<DocumentKey, Document> {
  const backendDocument = remember(makeBackend);
  const certificateDocument = remember(makeCertificate);
  const hosts = new WeakMap<Server, { readonly certificate: boolean; readonly document: Document }>();
  const routeDocument = createRouteDocuments();
  let settings: Document | null = null;
  let last: { readonly model: Model; readonly documents: ReadonlyMap<DocumentKey, Document> } | null = null;

  return (model) => {
    const documents =
      last !== null && sameButBackends(last.model, model) ? patch(last, model) : collect(model);
    last = { model, documents };
    return documents;
  };

  /** Endpoints change far more often than anything else. */
  function patch(before: NonNullable<typeof last>, model: Model): ReadonlyMap<DocumentKey, Document> {
    if (before.model.backends === model.backends) return before.documents;
    const documents = new Map(before.documents);
    for (const id of before.model.backends.keys())
      if (!model.backends.has(id)) documents.delete(`backend:${id}`);
    for (const [id, backend] of model.backends) {
      if (before.model.backends.get(id) !== backend) documents.set(`backend:${id}`, backendDocument(backend));
    }
    return documents;
  }

  function collect(model: Model): ReadonlyMap<DocumentKey, Document> {
    const documents = new Map<DocumentKey, Document>();
    const add = (document: Document): void => void documents.set(documentKey(document), document);
    const global = makeDocument('settings', 'global', settingsBody(model));
    settings = settings?.digest === global.digest ? settings : global;
    add(settings);
    for (const certificate of model.certificates.values()) add(certificateDocument(certificate));
    for (const backend of model.backends.values()) add(backendDocument(backend));
    const { timeouts } = settings.body as SettingsBody;
    if (model.defaultRoute !== null) {
      add(routeDocument(model.defaultRoute, defaultRouteKey(model.defaultRoute), timeouts));
    }
    for (const server of model.servers.values()) {
      const keys = routeKeys(server);
      for (const { route } of server.locations) add(routeDocument(route, keys.get(route.id) ?? '', timeouts));
      add(hostDocument(server, model));
    }
    return documents;
  }

  function hostDocument(server: Server, model: Model): Document {
    const certificate = server.certificate !== null && model.certificates.has(server.certificate);
    const known = hosts.get(server);
    if (known?.certificate === certificate) return known.document;
    const document = makeDocument('host', server.host, hostBody(server, certificate));
    hosts.set(server, { certificate, document });
    return document;
  }
}

function sameButBackends(a: Model, b: Model): boolean {
  return (
    a.settings === b.settings &&
    a.servers === b.servers &&
    a.certificates === b.certificates &&
    a.defaultRoute === b.defaultRoute
  );
}

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
    exact: table('exact'),
    prefix: table('prefix'),
  };
}

function makeCertificate({ id, chain, key }: Certificate): Document {
  return makeDocument('certificate', id, { chain, key });
}

function makeBackend({ id, algorithm, endpoints }: Backend): Document {
  return makeDocument('backend', id, {
    algorithm,
    endpoints: endpoints.map(({ address, port, weight }) =>
      weight === 1 ? { address, port } : { address, port, weight },
    ),
  });
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
