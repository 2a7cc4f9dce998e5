// Sessions that stay at one endpoint, by a cookie of ours.

import { boolean } from '../grammar/boolean.ts';
import { choice } from '../grammar/choice.ts';
import { cookieAge, cookieDomain, cookiePath } from '../grammar/session-cookie.ts';
import { cookieName } from '../grammar/text.ts';
import { supported } from './declaration.ts';

export const SESSION_ANNOTATIONS = {
  affinity: supported({
    name: 'affinity',
    scope: 'location',
    parse: choice(['cookie']),
    doc: 'With cookie, whoever came once comes to the same endpoint again. Default: none.',
  }),
  affinityMode: supported({
    name: 'affinity-mode',
    scope: 'location',
    parse: choice(['balanced', 'persistent']),
    doc: 'With balanced, further endpoints take over some sessions; with persistent, none moves while its endpoint is there. Default: balanced.',
  }),
  affinityCanary: supported({
    name: 'affinity-canary-behavior',
    scope: 'location',
    parse: choice(['sticky', 'legacy']),
    doc: 'With sticky, a session stays on the side of a canary where it began; with legacy, canaries do not look at sessions. Default: sticky.',
  }),
  cookieName: supported({
    name: 'session-cookie-name',
    scope: 'location',
    parse: cookieName,
    doc: 'Name of the cookie. Default: INGRESSCOOKIE.',
  }),
  cookiePath: supported({
    name: 'session-cookie-path',
    scope: 'location',
    parse: cookiePath,
    doc: 'Its Path. Default: the path of the rule; / where paths are regular expressions.',
  }),
  cookieExpires: supported({
    name: 'session-cookie-expires',
    scope: 'location',
    parse: cookieAge,
    doc: 'Its Expires, in seconds from when it is set. Default: none.',
  }),
  cookieMaxAge: supported({
    name: 'session-cookie-max-age',
    scope: 'location',
    parse: cookieAge,
    doc: 'Its Max-Age, in seconds. Default: none.',
  }),
  cookieSameSite: supported({
    name: 'session-cookie-samesite',
    scope: 'location',
    parse: choice(['None', 'Lax', 'Strict']),
    doc: 'Its SameSite. Default: none.',
  }),
  cookieSameSiteConditional: supported({
    name: 'session-cookie-conditional-samesite-none',
    scope: 'location',
    parse: boolean,
    doc: 'Leaves SameSite=None away for browsers that misread it. Default: false.',
  }),
  cookieSecure: supported({
    name: 'session-cookie-secure',
    scope: 'location',
    parse: boolean,
    doc: 'Whether it is Secure. Default: as the request came, over TLS or not.',
  }),
  cookieDomain: supported({
    name: 'session-cookie-domain',
    scope: 'location',
    parse: cookieDomain,
    doc: 'Its Domain. Default: none.',
  }),
  cookieChangeOnFailure: supported({
    name: 'session-cookie-change-on-failure',
    scope: 'location',
    parse: boolean,
    doc: 'A session whose endpoint fails gets another one for good; else it comes back to it. Default: false.',
  }),
};
