// What a schema finds wrong, as a sentence for the author of the object: field by JSON path, what it must be and
// what it is, and the usual cause where there is one. Values are shown only where the schema asks for one word of
// few, so nothing of a Secret can get into a message.

import type { z } from 'zod';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { quoteText } from '../../model/diagnostic.ts';

type Issue = z.core.$ZodIssue;

/** @param reference of the object: `Ingress/default/shop`. */
export function describeIssue(issue: Issue, raw: unknown, reference: string): Diagnostic {
  const value = valueAt(raw, issue.path);
  const { message, hint } = explain(issue, value);
  return {
    code: value === undefined || value === null ? 'field-missing' : 'field-invalid',
    severity: 'error',
    object: reference,
    field: fieldPath(issue.path),
    message: `${message}; the object is not used`,
    hint,
  };
}

/** `spec.rules[0].host`, `metadata.annotations['example.com/name']`. */
export function fieldPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    const name = String(key);
    if (!PLAIN.test(name)) return `${text}[${QUOTABLE.test(name) ? `'${name}'` : quoteText(name)}]`;
    return text === '' ? name : `${text}.${name}`;
  }, '');
}

const PLAIN = /^[A-Za-z0-9_-]+$/;
const QUOTABLE = /^[A-Za-z0-9._/-]{1,320}$/;

function explain(issue: Issue, value: unknown): { message: string; hint: string } {
  if (issue.code === 'custom') {
    const hint: unknown = issue.params?.hint;
    return { message: issue.message, hint: typeof hint === 'string' ? hint : '' };
  }
  const wanted = expectation(issue);
  if (value === undefined || value === null) {
    return { message: `is missing; it must be ${wanted}`, hint: 'Add the field.' };
  }
  if (issue.code === 'invalid_value' && typeof value === 'string') {
    return { message: `is ${quoteText(value)}; it must be ${wanted}`, hint: 'Use one of these words.' };
  }
  const hint =
    issue.code === 'invalid_type' && issue.expected === 'string' && typeof value !== 'object'
      ? 'Put the value in quotes: YAML reads an unquoted true or 10 as something other than text.'
      : 'Correct the field; the API server would refuse the object, too.';
  return { message: `must be ${wanted}, but is ${typeName(value)}`, hint };
}

function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return `one of ${issue.values.join(', ')}`;
    case 'too_small':
    case 'too_big':
      if (issue.origin === 'array') return 'a list with at least one item';
      return issue.origin === 'string' ? 'text that is not empty' : 'a whole number from 1 to 65535';
    case 'invalid_format':
      return 'a time such as 2026-01-31T12:00:00Z';
    case 'invalid_union':
      return 'a port name or a whole number from 1 to 65535';
    default:
      return 'of another form';
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

function typeName(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'string') return value === '' ? 'empty' : 'text';
  if (typeof value === 'number') return 'a number';
  if (typeof value === 'boolean') return 'a truth value';
  return 'a mapping';
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  let value = raw;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}
