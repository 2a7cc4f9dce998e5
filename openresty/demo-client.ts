// What curl would see: small requests to the demo, each over a connection of its own.
import { request } from 'node:http';
import { connect } from 'node:tls';

export type DemoAnswer = { readonly status: number; readonly body: string; readonly location: string };

export function get(
  port: number,
  host: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<DemoAnswer> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, agent: false, timeout: 5_000 };
    const sent = request({ ...options, headers: { ...headers, host: `${host}:${port}` } }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => {
        const { statusCode = 0, headers: answered } = response;
        resolve({ status: statusCode, body: body.trim(), location: answered.location ?? '' });
      });
      response.on('error', reject);
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer within 5 s')));
    sent.on('error', reject);
    sent.end();
  });
}

/** How often each answer came: `shop on 127.0.0.11` → 12. Bodies of answers other than 200 count as `HTTP 503`. */
export async function tally(port: number, host: string, times: number): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (let done = 0; done < times; done += 1) {
    const { status, body } = await get(port, host);
    const key = status === 200 ? body : `HTTP ${status}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return new Map([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The organisation in the certificate that is shown for this name. */
export function shownCertificate(port: number, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    // It is self-signed, and the question is which one it is: trust is not asked for.
    const socket = connect({ host: '127.0.0.1', port, servername: host, rejectUnauthorized: false }, () => {
      const { O } = socket.getPeerCertificate().subject;
      socket.destroy();
      resolve(String(O ?? ''));
    });
    socket.setTimeout(5_000, () => socket.destroy(new Error('no handshake within 5 s')));
    socket.on('error', reject);
  });
}
