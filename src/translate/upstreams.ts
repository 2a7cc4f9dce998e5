// How the endpoints of a route are spoken to, from its annotations and the objects that they name. What was asked for
// and cannot be had, a certificate, a verification, denies the route: it is never left out instead.

import { type Diagnostic, quoteText } from '../model/diagnostic.ts';
import { type ConfigMap, objectName, type Secret } from '../model/kubernetes.ts';
import type { Certificate } from '../model/model.ts';
import type { Profile } from '../model/settings.ts';
import type { Authority, Identity, IdentityId, UpstreamTls } from '../model/upstream.ts';
import { tlsName } from '../options/grammar/tls.ts';
import { readAuthority } from './authority.ts';
import { readSecretPair } from './certificates.ts';
import { type Denial, fieldOf } from './denial.ts';
import { readFastCgi } from './fastcgi.ts';
import { CONSEQUENCE } from './gates.ts';
import type { Source } from './reading.ts';
import { referenceTo } from './report.ts';
import { type UpstreamWish, USUAL_CIPHERS, USUAL_PROTOCOLS } from './upstream-wish.ts';

export interface UpstreamReading {
  readonly profile: Profile;
  readonly identity: Identity | null;
  readonly authority: Authority | null;
  /** Why nothing may be served, or null. */
  readonly denied: string | null;
  readonly diagnostics: readonly Diagnostic[];
}

export interface LookAtUpstreams {
  readonly secret: (key: string) => Secret | undefined;
  readonly configMap: (key: string) => ConfigMap | undefined;
}

/** @param service that the route leads to, whose name in the cluster stands where none is given. */
export function readUpstream(source: Source, service: string, look: LookAtUpstreams): UpstreamReading {
  const { profile: base, upstream: wish } = source.policy;
  if (wish === null) return { ...NOTHING, profile: base };
  const { protocol } = wish;
  const found = readSecret(wish, source, look);
  const fastcgi = protocol === 'FCGI' ? readFastCgi(wish, source, look.configMap) : null;
  const speaksTls = protocol !== 'HTTP' && protocol !== 'FCGI' && protocol !== 'GRPC';
  const authority = speaksTls && wish.verify ? found.authority : null;
  const name = wish.name ?? usualName(service, source.ingress.metadata.namespace);
  const tls = speaksTls ? tlsOf(wish, name, found.shows, authority) : null;
  const problem = found.problem ?? fastcgi?.problem ?? null;
  const isPlain = protocol === 'HTTP' || (fastcgi !== null && fastcgi.fastcgi === null);
  const profile: Profile = isPlain
    ? base
    : { ...base, upstream: { protocol, tls, fastcgi: fastcgi?.fastcgi ?? null } };
  if (problem === null)
    return { ...NOTHING, profile, identity: speaksTls ? found.identity : null, authority };
  const { reason, ...rest } = problem;
  const message = `${rest.message}: ${CONSEQUENCE}`;
  const diagnostics = [{ object: source.object, ...rest, message }];
  return { ...NOTHING, profile, authority, denied: reason, diagnostics };
}

/** null: no such Service can exist. */
function usualName(service: string, namespace: string): string | null {
  const parsed = tlsName(`${service}.${namespace}.svc`);
  return parsed.ok ? parsed.value : null;
}

const NOTHING: Omit<UpstreamReading, 'profile'> = {
  identity: null,
  authority: null,
  denied: null,
  diagnostics: [],
};

/** null: nothing is asked for that the http block does not say. */
function tlsOf(
  wish: UpstreamWish,
  name: string | null,
  identity: IdentityId | null,
  authority: Authority | null,
): UpstreamTls | null {
  const { protocols, ciphers, verifyDepth } = wish;
  const serverName = wish.serverName && name !== null;
  const usual = protocols.join() === USUAL_PROTOCOLS.join() && ciphers === USUAL_CIPHERS;
  if (identity === null && authority === null && !serverName && usual) return null;
  return {
    name: serverName || authority !== null ? name : null,
    serverName,
    authority: authority?.id ?? null,
    verifyDepth: authority === null ? 1 : verifyDepth,
    identity,
    protocols,
    ciphers,
  };
}

interface SecretReading {
  /**
   * Whose certificate is meant, also while its Secret is missing or broken: the files are then as they will be when
   * it comes, and its coming is a push.
   */
  readonly shows: IdentityId | null;
  readonly identity: Identity | null;
  readonly authority: Authority | null;
  readonly problem: Denial | null;
}

/** As in ingress-nginx: tls.crt with tls.key, or ca.crt, or all three. */
function readSecret(wish: UpstreamWish, source: Source, look: LookAtUpstreams): SecretReading {
  const { namespace } = source.ingress.metadata;
  const key = wish.secret;
  if (key === null) return wish.verify ? deny(unverifiable(source, null)) : NONE;
  const about = (code: string, reason: string, message: string, hint: string): Denial => ({
    code,
    severity: 'error',
    field: fieldOf(source, 'proxy-ssl-secret'),
    reason,
    message,
    hint,
  });
  if (!key.startsWith(`${namespace}/`))
    return deny(
      about(
        'secret-foreign',
        'proxy-ssl-secret is of another namespace',
        `proxy-ssl-secret names ${quoteText(key)}, which is of another namespace`,
        `Name a Secret of namespace ${namespace}.`,
      ),
    );
  const secret = look.secret(key);
  if (secret === undefined)
    return deny(
      about(
        'secret-missing',
        'the Secret of proxy-ssl-secret is missing',
        `there is no Secret ${quoteText(key)} for proxy-ssl-secret`,
        'Create the Secret, or correct its name.',
      ),
      wish.verify ? null : key,
    );
  return readParts(secret, wish, source);
}

function readParts(secret: Secret, wish: UpstreamWish, source: Source): SecretReading {
  const key = objectName(secret.metadata);
  const hasPair = ['tls.crt', 'tls.key'].some((name) => (secret.data[name] ?? '') !== '');
  const shows = hasPair ? key : null;
  const authority = readAuthority(secret);
  const known = authority?.ok === true ? authority.authority : null;
  const bad = (entry: string, fault: string, hint: string): SecretReading => ({
    ...deny(
      {
        code: 'upstream-secret-invalid',
        severity: 'error',
        object: referenceTo(secret),
        field: `data['${entry}']`,
        reason: 'the Secret of proxy-ssl-secret cannot be used',
        message: `${entry} ${fault}, so endpoints cannot be reached with it as ${source.object} asks`,
        hint,
      },
      shows,
    ),
    authority: known,
  });
  if (authority?.ok === false)
    return bad('ca.crt', authority.fault, 'Put certificates of authorities into ca.crt, as PEM.');
  if (!hasPair && authority === null) return bad('tls.crt', 'is missing, and ca.crt too', PAIR_HINT);
  const pair = hasPair ? readSecretPair(secret) : null;
  if (pair?.ok === false) return bad(pair.entry, pair.fault, PAIR_HINT);
  if (wish.verify && known === null) return deny(unverifiable(source, referenceTo(secret)), shows);
  const identity = pair === null ? null : identityOf(pair.certificate);
  return { shows, identity, authority: known, problem: null };
}

const PAIR_HINT =
  'Put the certificate, followed by its chain, into tls.crt and its private key into tls.key, both as PEM.';

/** The same object for the same certificate, so that its document is made once. */
function identityOf(certificate: Certificate): Identity {
  const { id, chain, key } = certificate;
  const identity = identities.get(certificate) ?? { id, chain, key };
  identities.set(certificate, identity);
  return identity;
}

const identities = new WeakMap<Certificate, Identity>();

function unverifiable(source: Source, secret: string | null): Denial {
  return {
    code: 'upstream-unverifiable',
    severity: 'error',
    field: fieldOf(source, 'proxy-ssl-verify'),
    reason: 'proxy-ssl-verify has no authorities to verify with',
    message: `proxy-ssl-verify is on, but ${secret === null ? 'there is no proxy-ssl-secret' : `${secret} has no ca.crt`}`,
    hint: 'Name a Secret with a ca.crt in proxy-ssl-secret, or turn verification off.',
  };
}

function deny(problem: Denial, shows: IdentityId | null = null): SecretReading {
  return { shows, identity: null, authority: null, problem };
}

const NONE: SecretReading = { shows: null, identity: null, authority: null, problem: null };
