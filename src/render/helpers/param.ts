// Helper for the value of a FastCGI parameter, quoted. Its alphabet has neither quote nor backslash, and the
// variables that it may name are those of our own parameters and of the grammar of users' ones.

import { refuse } from './value-error.ts';

const VALUE = /^(?:[A-Za-z0-9 ._~/:@=,+&?%-]|\$[a-z_]+(?![A-Za-z0-9_]))*$/;

export function param(value: unknown): string {
  if (typeof value !== 'string' || value.length > 1_000 || !VALUE.test(value) || /\$identity/.test(value))
    refuse('the value of a FastCGI parameter', value);
  return `"${value}"`;
}
