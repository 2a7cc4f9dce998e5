// When a request may be tried again at another endpoint: the words of nginx's proxy_next_upstream.

import { NEXT_UPSTREAM_CONDITIONS, type NextUpstreamCondition } from '../../model/settings.ts';
import { words } from './choice.ts';
import { bad, good, type Parse } from './parsed.ts';

const conditions = words(NEXT_UPSTREAM_CONDITIONS);

/** Sorted, without repeats; `off` only alone. */
export const nextUpstream: Parse<readonly NextUpstreamCondition[]> = (text) => {
  const parsed = conditions(text);
  if (!parsed.ok) return parsed;
  return parsed.value.includes('off') && parsed.value.length > 1
    ? bad('"off" is expected to stand alone')
    : good(parsed.value);
};
