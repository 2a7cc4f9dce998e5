// What the files are rendered for; nothing reads them here.
import { assumedRuntime } from '../../../src/cli/assumed-runtime.ts';

export const runtime = assumedRuntime({
  prefix: '/var/lib/ingress-openresty',
  documentsSize: 256 * 1024 * 1024,
  includeMain: [],
  includeHttp: [],
});
