// The block helpers, stricter than Handlebars' own: a path that the view does not have is an error, not "no".

import type { HelperOptions } from 'handlebars';
import Handlebars from 'handlebars';
import { refuse } from './value-error.ts';

export const BLOCKS = {
  if(this: unknown, value: unknown, options: HelperOptions): string {
    return isTrue(value) ? options.fn(this) : options.inverse(this);
  },
  unless(this: unknown, value: unknown, options: HelperOptions): string {
    return isTrue(value) ? options.inverse(this) : options.fn(this);
  },
  each(this: unknown, value: unknown, options: HelperOptions): string {
    if (!Array.isArray(value)) refuse('a list', value);
    if (value.length === 0) return options.inverse(this);
    return value
      .map((item, index) => {
        const data = Handlebars.createFrame(options.data ?? {});
        data.first = index === 0;
        data.last = index === value.length - 1;
        return options.fn(item, { data });
      })
      .join('');
  },
  with(this: unknown, value: unknown, options: HelperOptions): string {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse('an object', value);
    return options.fn(value);
  },
};

function isTrue(value: unknown): boolean {
  if (typeof value !== 'boolean') refuse('true or false', value);
  return value;
}
