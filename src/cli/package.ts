// The installed package: its version and where its folders are, the same from `src` and from `dist`.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const manifest = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as {
  readonly version: string;
};

export const PACKAGE = {
  version: manifest.version,
  templates: resolve(root, 'templates'),
  lua: resolve(root, 'lua'),
} as const;
