// One HTTP exchange with the API server, with deadlines of our own for each part of it.

import { type Dispatcher, request as send } from 'undici';
import type { Grant } from './access/grant.ts';
import { CONNECT_WITHIN } from './agents.ts';
import { createAnswer, isSilence } from './answer.ts';
import { describeFailure } from './describe-failure.ts';
import type { ClusterOutcome, ClusterRequest } from './messages.ts';

/**
 * @param onSilence the other end did not say anything in time, in its head or its body.
 * @returns never rejects for what the network or the server does.
 */
export async function exchange(
  dispatcher: Dispatcher,
  grant: Grant,
  request: ClusterRequest,
  onSilence: () => void,
): Promise<ClusterOutcome> {
  const { method, body, signal, headersTimeout = 30_000, bodyTimeout = 30_000 } = request;
  // Headers are waited for from when the request is written; before that it may wait for a connection.
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), CONNECT_WITHIN + headersTimeout);
  try {
    const response = await send(
      grant.server.origin + grant.server.pathname.replace(/\/$/, '') + request.path,
      {
        dispatcher,
        method,
        body: body ?? null,
        headers: {
          accept: 'application/json',
          'user-agent': 'ingress-openresty',
          ...(body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
          ...grant.headers,
        },
        signal: AbortSignal.any([signal, late.signal]),
        headersTimeout,
        bodyTimeout,
      },
    );
    return createAnswer(response, signal, onSilence);
  } catch (error) {
    const isLate = late.signal.aborted && !signal.aborted;
    if (isLate || isSilence(error)) onSilence();
    return { outcome: 'unreachable', message: isLate ? LATE : describeFailure(error, signal) };
  } finally {
    clearTimeout(timer);
  }
}

const LATE = 'no connection to the API server became free in time';
