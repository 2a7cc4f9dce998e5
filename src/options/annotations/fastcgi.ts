// What FastCGI programs are told beside the request.

import { fileName } from '../grammar/file-name.ts';
import { referenceWithin } from '../grammar/object-name.ts';
import { gate } from './declaration.ts';

export const FASTCGI_ANNOTATIONS = {
  fastCgiIndex: gate({
    name: 'fastcgi-index',
    scope: 'location',
    parse: fileName,
    doc: 'File name for paths that end in a slash, when backend-protocol is FCGI. Default: none.',
  }),
  fastCgiParams: gate({
    name: 'fastcgi-params-configmap',
    scope: 'location',
    parse: referenceWithin,
    doc: 'ConfigMap of the same namespace whose entries are parameters for FCGI, as `name` or `namespace/name`; from manifests only. Default: none.',
  }),
};
