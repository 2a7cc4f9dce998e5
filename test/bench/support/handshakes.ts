// Full TLS handshakes as fast as one process can do them, each with a name of its own and none resumed. wrk names the
// address that it connects to, and here the names are the point. Run as a program it is the child that does the work.
import { execFile } from 'node:child_process';
import { connect } from 'node:tls';
import { promisify } from 'node:util';
import { LOAD_CPU } from './cpu.ts';

const execute = promisify(execFile);

export type HandshakesOptions = {
  readonly port: number;
  /** Of the names `host-0.bench.example` and on. */
  readonly hosts: number;
  readonly version: 'TLSv1.2' | 'TLSv1.3';
  readonly connections: number;
  /** How long names are taken at random; null: each name once. */
  readonly seconds: number | null;
};

export type HandshakesResult = { readonly handshakes: number; readonly seconds: number };

export async function runHandshakes(options: HandshakesOptions): Promise<HandshakesResult> {
  const program = [process.execPath, import.meta.filename, JSON.stringify(options)];
  const { stdout } = await execute('taskset', ['-c', String(LOAD_CPU), ...program], {
    timeout: (options.seconds ?? 120) * 1000 + 60_000,
  });
  return JSON.parse(stdout) as HandshakesResult;
}

async function work(options: HandshakesOptions): Promise<HandshakesResult> {
  const started = performance.now();
  const { seconds, hosts } = options;
  const end = started + (seconds ?? 0) * 1000;
  let begun = 0;
  let handshakes = 0;
  const worker = async () => {
    while (seconds === null ? begun < hosts : performance.now() < end) {
      begun += 1;
      await handshake(options, seconds === null ? begun - 1 : Math.floor(Math.random() * hosts));
      handshakes += 1;
    }
  };
  await Promise.all(Array.from({ length: options.connections }, worker));
  return { handshakes, seconds: (performance.now() - started) / 1000 };
}

function handshake({ port, version }: HandshakesOptions, number: number): Promise<void> {
  const servername = `host-${number}.bench.example`;
  const versions = { minVersion: version, maxVersion: version } as const;
  return new Promise((done, fail) => {
    const socket = connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false, ...versions });
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      const shown = socket.getPeerCertificate().subjectaltname ?? '';
      socket.destroy();
      if (shown.includes('*.bench.example')) done();
      else fail(new Error(`${servername} was shown a certificate of ${shown}`));
    });
  });
}

if (import.meta.main) {
  const result = await work(JSON.parse(process.argv[2] ?? '{}') as HandshakesOptions);
  process.stdout.write(JSON.stringify(result));
}
