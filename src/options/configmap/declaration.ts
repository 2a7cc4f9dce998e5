// What is declared once about a key of the ConfigMap. Names and defaults are ingress-nginx's.

import type { Parse } from '../grammar/parsed.ts';

export interface ConfigKey<T> {
  readonly name: string;
  readonly parse: Parse<T>;
  /** The default. */
  readonly initial: T;
  /** One sentence for the reference table. */
  readonly doc: string;
}

export function key<T>(name: string, parse: Parse<T>, initial: T, doc: string): ConfigKey<T> {
  return { name, parse, initial, doc };
}
