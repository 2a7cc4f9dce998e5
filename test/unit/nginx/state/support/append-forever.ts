// Child process: appends, compacts often, and prints each generation once it is accepted, until it is killed.

import { writeSync } from 'node:fs';
import { openDocumentStore } from '../../../../../src/nginx/state/document-store.ts';
import { backend, delta, full } from './sample.ts';

const store = await openDocumentStore({ folder: process.argv[2] ?? '', compactAbove: 300, warn: () => {} });
if (store.documents.size === 0) await store.append(full({ epoch: 1, generation: 1 }, [backend('b0', 1)]));
for (;;) {
  const { generation } = store.version();
  await store.append(delta(store.version(), [backend(`b${generation % 5}`, (generation + 1) % 60_000)]));
  writeSync(1, `${store.version().generation}\n`);
  await store.compact();
}
