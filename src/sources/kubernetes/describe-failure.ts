// Why an exchange with the API server came to nothing, in a sentence.

import { SILENCE } from './silence.ts';
import { PROXY_ERROR } from './tunnel/receive.ts';

/** One line for people. Errors of the network hold addresses, never what was sent. */
export function describeFailure(error: unknown, signal: AbortSignal): string {
  return signal.aborted ? 'the controller is ending' : describeError(error, SERVER);
}

/** @param who the other end of the connection, `the proxy`. */
export function describeError(error: unknown, who: string): string {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  if (code === PROXY_ERROR) return message;
  const known = KNOWN[code] ?? `the exchange with ${SERVER} failed: ${firstLine(message || code)}`;
  return known.replaceAll(SERVER, who);
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] || 'unknown error';
}

const SERVER = 'the API server';

const KNOWN: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the API server refuses connections',
  ECONNRESET: 'the API server reset the connection',
  EPIPE: 'the API server closed the connection',
  ENOTFOUND: "the API server's name does not resolve",
  EAI_AGAIN: "the API server's name does not resolve at present",
  EHOSTUNREACH: 'the API server cannot be reached: no route',
  ENETUNREACH: 'the API server cannot be reached: no network',
  ETIMEDOUT: 'the connection to the API server timed out',
  UND_ERR_CONNECT_TIMEOUT: 'no connection to the API server within 10 s',
  [SILENCE]: 'the API server stopped sending in the middle of an answer',
  UND_ERR_SOCKET: 'the API server closed the connection',
  CERT_HAS_EXPIRED: "the API server's certificate has expired",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the API server's certificate is not signed by the given CA",
  SELF_SIGNED_CERT_IN_CHAIN: "the API server's certificate is not signed by the given CA",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the API server's certificate is not signed by the given CA",
  ERR_TLS_CERT_ALTNAME_INVALID: "the API server's certificate is for other names",
};
