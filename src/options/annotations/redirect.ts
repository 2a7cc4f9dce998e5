// When plain HTTP is answered with a redirect to https.

import { boolean } from '../grammar/boolean.ts';
import { supported } from './declaration.ts';

export const REDIRECT_ANNOTATIONS = {
  sslRedirect: supported({
    name: 'ssl-redirect',
    scope: 'location',
    parse: boolean,
    doc: 'Redirects plain HTTP to https when the host has TLS. Default: the ConfigMap key ssl-redirect, true.',
  }),
  forceSslRedirect: supported({
    name: 'force-ssl-redirect',
    scope: 'location',
    parse: boolean,
    doc: 'Redirects plain HTTP to https even when the host has no TLS. Default: force-ssl-redirect, false.',
  }),
};
