// Text that a template of ours has already produced, as a value that no other code can make: the only text that
// enters a template unread.

import { refuse } from './value-error.ts';

export interface RenderedText {
  readonly text: string;
}

const made = new WeakSet<object>();

export function renderedText(text: string): RenderedText {
  const value = { text };
  made.add(value);
  return value;
}

/** Helper `{{text path}}`; one newline at the end is the template's own. */
export function text(value: unknown): string {
  if (typeof value !== 'object' || value === null || !made.has(value))
    refuse('text that a template has rendered', value);
  const content = (value as RenderedText).text;
  return content.endsWith('\n') ? content.slice(0, -1) : content;
}
