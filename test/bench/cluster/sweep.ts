// One question to each of many hosts, pipelined over one connection, so that a look at thousands of hosts is short.

import { connect } from 'node:net';

/** How many answered 200; the others are 404, 502 or whatever they were, by status. */
export async function sweep(
  port: number,
  hosts: readonly string[],
): Promise<{ readonly ok: number; readonly others: Readonly<Record<string, number>> }> {
  const others: Record<string, number> = {};
  let ok = 0;
  for (let from = 0; from < hosts.length; from += BATCH) {
    for (const status of await askPipelined(port, hosts.slice(from, from + BATCH))) {
      if (status === '200') ok += 1;
      else others[status] = (others[status] ?? 0) + 1;
    }
  }
  return { ok, others };
}

/** A connection of nginx takes 1,000 requests; fewer keep the answers within the socket's buffers. */
const BATCH = 250;

function askPipelined(port: number, hosts: readonly string[]): Promise<readonly string[]> {
  return new Promise((done) => {
    const statuses: string[] = [];
    let rest = '';
    const socket = connect(port, '127.0.0.1');
    const end = () => {
      socket.destroy();
      while (statuses.length < hosts.length) statuses.push('none');
      done(statuses);
    };
    socket.setNoDelay(true).setEncoding('latin1').setTimeout(10_000, end).on('error', end).on('end', end);
    socket.on('data', (more: string) => {
      rest += more;
      // Bodies are JSON of the backend or nginx's own page: a status line stands in neither.
      const lines = rest.split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const status = /HTTP\/1\.1 (\d{3}) /.exec(line)?.[1];
        if (status !== undefined) statuses.push(status);
      }
      if (statuses.length >= hosts.length) end();
    });
    socket.write(hosts.map((host) => `HEAD / HTTP/1.1\r\nHost: ${host}\r\n\r\n`).join(''));
  });
}
