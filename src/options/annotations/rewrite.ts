// Paths as regular expressions, and what becomes of the path on its way to the endpoints.

import { boolean } from '../grammar/boolean.ts';
import { appRoot as parseAppRoot, rewriteTarget } from '../grammar/rewrite-target.ts';
import { supported } from './declaration.ts';

export const REWRITE_ANNOTATIONS = {
  useRegex: supported({
    name: 'use-regex',
    scope: 'location',
    parse: boolean,
    doc: 'Makes all paths of the host, also those of other Ingresses, regular expressions: whatever the case, from the start, the longest first. Default: false.',
  }),
  rewriteTarget: supported({
    name: 'rewrite-target',
    scope: 'location',
    parse: rewriteTarget,
    doc: 'Path that endpoints are asked for, with $1 … $9 for what groups of the path match. Does what use-regex does unless it equals the path. Default: none.',
  }),
  forwardedPrefix: supported({
    name: 'x-forwarded-prefix',
    scope: 'location',
    parse: rewriteTarget,
    doc: 'Value of X-Forwarded-Prefix for requests whose path is rewritten; $1 … $9 as in rewrite-target. Default: none.',
  }),
  appRoot: supported({
    name: 'app-root',
    scope: 'ingress',
    parse: parseAppRoot,
    doc: 'Requests for / of a host are redirected (302) to this path. Default: none.',
  }),
};
