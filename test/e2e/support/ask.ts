// Many requests over a few keepalive connections, counted by who answered and how.
import { Agent, request } from 'node:http';

export type Answers = {
  readonly byBackend: Readonly<Record<string, number>>;
  readonly byStatus: Readonly<Record<number, number>>;
};

export type Question = {
  readonly host: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

export async function askMany(
  port: number,
  questions: readonly Question[],
  {
    connections = 8,
    onAnswer,
  }: { connections?: number; onAnswer?: (asked: Question, answer: Answer) => void } = {},
): Promise<Answers> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const byBackend: Record<string, number> = {};
  const byStatus: Record<number, number> = {};
  const left = questions.values();
  const asker = async () => {
    for (const question of left) {
      const answer = await ask(port, agent, question);
      byStatus[answer.status] = (byStatus[answer.status] ?? 0) + 1;
      byBackend[answer.backend] = (byBackend[answer.backend] ?? 0) + 1;
      onAnswer?.(question, answer);
    }
  };
  try {
    await Promise.all(Array.from({ length: connections }, asker));
  } finally {
    agent.destroy();
  }
  return { byBackend, byStatus };
}

/** The same question `count` times. */
export function askOften(port: number, count: number, question: Question): Promise<Answers> {
  return askMany(
    port,
    Array.from({ length: count }, () => question),
  );
}

/** `backend` is the `x-backend` header, `''` when a backend of the tests did not answer. */
export type Answer = { readonly status: number; readonly backend: string };

function ask(port: number, agent: Agent, { host, path = '/', headers = {} }: Question): Promise<Answer> {
  return new Promise((done, fail) => {
    const sent = request(
      { host: '127.0.0.1', port, path, agent, headers: { ...headers, host }, timeout: 10_000 },
      (response) => {
        response.resume().on('error', fail);
        response.on('end', () => {
          const backend = response.headers['x-backend'];
          done({ status: response.statusCode ?? 0, backend: typeof backend === 'string' ? backend : '' });
        });
      },
    );
    sent.on('timeout', () => sent.destroy(new Error('no answer for 10 s')));
    sent.on('error', fail);
    sent.end();
  });
}
