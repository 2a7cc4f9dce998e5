// Answers that are not what was asked for, and no answer at all, as one value with one sentence.

import { z } from 'zod';
import { quoteText } from '../../model/diagnostic.ts';
import type { ClusterAnswer, Unreachable } from './cluster.ts';

export interface Failure {
  /** null: no answer. */
  readonly status: number | null;
  /** Kubernetes' own word, `Expired`, `Forbidden`; `''` where there is none. */
  readonly reason: string;
  readonly message: string;
  /** Milliseconds. */
  readonly retryAfter: number | null;
}

export function unreachable({ message }: Pick<Unreachable, 'message'>): Failure {
  return { status: null, reason: '', message, retryAfter: null };
}

/** Reads the body. @param what `list Ingress`. */
export async function refusal(answer: ClusterAnswer, what: string): Promise<Failure> {
  const body = await answer.text();
  const status = body.outcome === 'text' ? readStatus(body.text) : null;
  return {
    status: answer.status,
    reason: status?.reason ?? '',
    message: sentence(answer.status, what, status?.message ?? ''),
    retryAfter: retryAfter(answer.headers['retry-after']),
  };
}

/** What an ERROR event of a watch holds. */
export function streamFailure(object: unknown, what: string): Failure {
  const { success, data } = shape.safeParse(object);
  const code = success ? (data.code ?? 500) : 500;
  return {
    status: code,
    reason: success ? (data.reason ?? '') : '',
    message: sentence(code, what, success ? (data.message ?? '') : ''),
    retryAfter: success ? seconds(data.details?.retryAfterSeconds ?? null) : null,
  };
}

/** The version that we name is gone: only a list helps. */
export function isExpired({ status, reason }: Failure): boolean {
  return status === 410 || reason === 'Expired' || reason === 'Gone';
}

const shape = z.object({
  code: z.number().nullish(),
  reason: z.string().nullish(),
  message: z.string().nullish(),
  details: z.object({ retryAfterSeconds: z.number().nullish() }).nullish(),
});

function readStatus(text: string): { readonly reason: string; readonly message: string } | null {
  try {
    const { success, data } = shape.safeParse(JSON.parse(text));
    return success ? { reason: data.reason ?? '', message: data.message ?? '' } : null;
  } catch {
    return null;
  }
}

function sentence(status: number, what: string, said: string): string {
  const more = said === '' ? '' : `: ${quoteText(said)}`;
  if (status === 401) return `the API server does not accept our credentials (401)${more}`;
  if (status === 403) return `we may not ${what} (403)${more}`;
  if (status === 404) return `the API server does not know how to ${what} (404)${more}`;
  if (status === 429) return `the API server asks us to wait (429)${more}`;
  return `the API server cannot ${what} (${status})${more}`;
}

function retryAfter(header: string | string[] | undefined): number | null {
  const text = (Array.isArray(header) ? header[0] : header) ?? '';
  if (/^\d+$/.test(text)) return seconds(Number(text));
  const moment = text === '' ? Number.NaN : Date.parse(text);
  return Number.isNaN(moment) ? null : Math.max(0, moment - Date.now());
}

function seconds(count: number | null): number | null {
  return count === null ? null : count * 1000;
}
