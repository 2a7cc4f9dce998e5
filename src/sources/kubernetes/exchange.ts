// One HTTP exchange with the API server, with deadlines of our own for each part of it. undici has some too, but as long
// as one of them is set it looks at all of them twice a second, which is much of what an idle controller does.

import { type Dispatcher, request as send } from 'undici';
import type { Grant } from './access/grant.ts';
import { createAnswer } from './answer.ts';
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
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), headersTimeout);
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
        headersTimeout: 0,
        bodyTimeout: 0,
      },
    );
    return createAnswer(response, signal, bodyTimeout, onSilence);
  } catch (error) {
    const isLate = late.signal.aborted && !signal.aborted;
    if (isLate) onSilence();
    return { outcome: 'unreachable', message: isLate ? LATE : describeFailure(error, signal) };
  } finally {
    clearTimeout(timer);
  }
}

const LATE = 'the API server took the request and gave no answer in time';
