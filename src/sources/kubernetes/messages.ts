// What goes to an API server and what comes back: requests, answers whose bodies are still coming, and silence.

export interface ClusterRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute, with its query, below the server's own path. */
  readonly path: string;
  readonly body?: string;
  /** `application/json` unless said otherwise; a PATCH must say. */
  readonly contentType?: string;
  readonly signal: AbortSignal;
  /** Milliseconds until the head of the answer, with what a new connection takes; 30 s. */
  readonly headersTimeout?: number;
  /** Longest silence within the body in milliseconds; 30 s. */
  readonly bodyTimeout?: number;
}

export type ClusterOutcome = ClusterAnswer | Unreachable;

/** No answer, or a body that broke off. The request may or may not have been carried out. */
export interface Unreachable {
  readonly outcome: 'unreachable';
  /** One line for people, without credentials. */
  readonly message: string;
}

export interface ClusterAnswer {
  readonly outcome: 'answer';
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The whole body; at most 256 MB. */
  text(): Promise<{ readonly outcome: 'text'; readonly text: string } | Unreachable>;
  /** Line by line, as they come; what follows the last line feed is no line. The generator's return says why it ended. */
  lines(longest?: number): AsyncGenerator<string, LinesEnd, undefined>;
  /** Frees the connection. */
  discard(): Promise<void>;
}

export interface LinesEnd {
  /** `ended` by the server, in order; `idle`: nothing came within bodyTimeout; `too-long`: a line beyond `longest`. */
  readonly reason: 'ended' | 'idle' | 'failed' | 'too-long' | 'aborted';
  readonly message: string;
  /** Part of a line was there when it ended. */
  readonly partial: boolean;
}
