// A process that takes part in an election and says each change on its standard output: `leading`, `not leading`.
// Arguments: kubeconfig, identity, ttl in milliseconds.

import { openCluster } from '../../../../../../src/sources/kubernetes/cluster.ts';
import { createLease } from '../../../../../../src/sources/kubernetes/lease/lease.ts';

const [kubeconfig = '', identity = '', ttl = ''] = process.argv.slice(2);
const log = { debug: () => undefined, info: () => undefined, warn: () => undefined };
const opened = await openCluster({ kubeconfig, context: null }, { log, env: {} });
if (!('cluster' in opened)) throw new Error(opened.message);
const { cluster } = opened;
const lease = createLease({ cluster, namespace: 'ingress', identity, ttl: Number(ttl), log });
lease.onChange(() => process.stdout.write(lease.isLeader() ? 'leading\n' : 'not leading\n'));
const end = new AbortController();
process.once('SIGTERM', () => end.abort());
await lease.run(end.signal);
await cluster.close();
