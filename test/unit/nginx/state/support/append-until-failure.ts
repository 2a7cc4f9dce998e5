// Child process: appends until the disk says no, and prints what the store then holds.
import { openDocumentStore } from '../../../../../src/nginx/state/document-store.ts';
import { backend, delta, full } from './sample.ts';

const store = await openDocumentStore({
  folder: process.argv[2] ?? '',
  compactAbove: 1 << 20,
  warn: () => {},
});
await store.append(full({ epoch: 1, generation: 1 }, []));
for (let i = 0; i < 1000; i += 1) {
  const written = await store.append(delta(store.version(), [backend(`b${i}`, 1 + i)]));
  if (written.outcome === 'written') continue;
  await store.close();
  process.stdout.write(JSON.stringify({ documents: store.documents.size, message: written.message }));
  break;
}
