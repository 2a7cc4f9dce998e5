// Helpers for single words of our own vocabulary: enum values, cipher lists, names of upstream blocks.

import { refuse } from './value-error.ts';

const WORD = /^[A-Za-z0-9_.:+!@=-]{1,2000}$/;

export function token(value: unknown): string {
  if (typeof value !== 'string' || !WORD.test(value)) refuse('a word', value);
  return value;
}

/** A list of words, separated by spaces. Never empty: no directive takes nothing. */
export function words(value: unknown): string {
  if (!Array.isArray(value) || value.length === 0) refuse('a list of words', value);
  return value.map(token).join(' ');
}
