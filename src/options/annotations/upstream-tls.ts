// TLS towards endpoints: whom to trust, what to show, which name to ask for. What cannot be read here may have been
// meant to keep somebody out, so nothing is served until it is put right.

import { onOff } from '../grammar/boolean.ts';
import { integer } from '../grammar/number.ts';
import { namespacedName } from '../grammar/object-name.ts';
import { protocols, tlsName } from '../grammar/tls.ts';
import { upstreamCiphers } from '../grammar/upstream-ciphers.ts';
import { gate } from './declaration.ts';

export const UPSTREAM_TLS_ANNOTATIONS = {
  upstreamSecret: gate({
    name: 'proxy-ssl-secret',
    scope: 'location',
    parse: namespacedName,
    doc: 'Secret of the same namespace, as `namespace/name`: tls.crt and tls.key are shown to endpoints, ca.crt is whom they are verified with. Default: none.',
  }),
  upstreamVerify: gate({
    name: 'proxy-ssl-verify',
    scope: 'location',
    parse: onOff,
    doc: 'Verifies the certificates of endpoints; needs a ca.crt in proxy-ssl-secret. Default: off.',
  }),
  upstreamVerifyDepth: gate({
    name: 'proxy-ssl-verify-depth',
    scope: 'location',
    parse: integer(0, 100),
    doc: 'Longest chain of an endpoint’s certificate; 0 counts as the default. Default: 1.',
  }),
  upstreamServerName: gate({
    name: 'proxy-ssl-server-name',
    scope: 'location',
    parse: onOff,
    doc: 'Tells endpoints by SNI which name is meant. Default: off.',
  }),
  upstreamName: gate({
    name: 'proxy-ssl-name',
    scope: 'location',
    parse: tlsName,
    doc: 'Name for SNI and verification. Default: service.namespace.svc.',
  }),
  upstreamProtocols: gate({
    name: 'proxy-ssl-protocols',
    scope: 'location',
    parse: protocols,
    doc: 'Versions of TLS towards endpoints, separated by spaces. Default: TLSv1.2 TLSv1.3.',
  }),
  upstreamCiphers: gate({
    name: 'proxy-ssl-ciphers',
    scope: 'location',
    parse: upstreamCiphers,
    doc: 'Ciphers towards endpoints, as OpenSSL lists them. Default: DEFAULT.',
  }),
};
