// Probes of one host over fresh connections, as steady as the clock allows: what every worker of nginx answers at
// each moment. Workers share the listening socket, so many right answers in a row mean that all of them are right.

import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Answer {
  /** 0: no answer. */
  readonly status: number;
  /** Of the header `x-backend`. */
  readonly backend: string;
}

export interface Sighting {
  /** Milliseconds from `begun` to the start of the first right answer. */
  readonly first: number;
  /** … and to the start of the first `RUN` right ones without another between them. */
  readonly all: number;
  /** Wrong answers after the first right one. */
  readonly wrongAfterFirst: number;
  /** Connections that got no answer. */
  readonly failed: number;
}

const EVERY = 2.6;
const RUN = 50;

/** @param begun of performance.now(): when the change was made. @throws when it takes longer than `withinMs`. */
export async function watchFor(
  target: { readonly port: number; readonly host: string },
  begun: number,
  isRight: (answer: Answer) => boolean,
  withinMs = 60_000,
): Promise<Sighting> {
  let first: number | null = null;
  let wrongAfterFirst = 0;
  let failed = 0;
  let run: number[] = [];
  let due = performance.now();
  for (;;) {
    const started = performance.now();
    if (started - begun > withinMs) throw new Error(`${target.host} was not right for ${withinMs} ms`);
    const answer = await probe(target);
    if (answer.status === 0) failed += 1;
    if (isRight(answer)) {
      first ??= started - begun;
      run.push(started - begun);
      if (run.length === RUN) return { first, all: run[0] ?? 0, wrongAfterFirst, failed };
    } else {
      if (first !== null) wrongAfterFirst += 1;
      run = [];
    }
    due = Math.max(due + EVERY, performance.now());
    const pause = due - performance.now();
    if (pause >= 1) await sleep(pause);
  }
}

export function probe({ port, host }: { readonly port: number; readonly host: string }): Promise<Answer> {
  return new Promise((done) => {
    let text = '';
    const socket = connect(port, '127.0.0.1');
    const end = () => {
      socket.destroy();
      done({
        status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0),
        backend: /^x-backend: (.*)$/im.exec(text)?.[1]?.trim() ?? '',
      });
    };
    socket.setNoDelay(true).setEncoding('latin1').setTimeout(10_000, end);
    socket.on('data', (more: string) => {
      text += more;
    });
    socket.on('end', end).on('error', end);
    socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  });
}
