// The goldens' documents are what the Lua reads: every rendered world is accepted as it is, in one batch.

import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { DocumentBody, DocumentKind } from '../../src/model/document.ts';
import { at, full, makeDocument } from './support/documents.ts';
import { type Gateway, startGateway } from './support/gateway.ts';

const folder = resolve(import.meta.dirname, '../golden');
const found = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name === 'documents.json')
  .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
  .sort();

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({ workers: 1 });
});
afterAll(() => gateway?.close());

let epoch = 0;

test.each(found)('%s', async (file) => {
  const documents = JSON.parse(readFileSync(join(folder, file), 'utf8')) as readonly {
    readonly kind: DocumentKind;
    readonly id: string;
    readonly body: DocumentBody;
  }[];
  epoch += 1;
  const put = documents.map(({ kind, id, body }) => makeDocument(kind, id, body));
  const answer = await gateway.post(full(at(epoch, 1), put));
  expect(answer).toMatchObject({ code: 200, status: { applied: true } });
  expect((await gateway.get('?documents')).status.documents).toHaveLength(documents.length);
});
