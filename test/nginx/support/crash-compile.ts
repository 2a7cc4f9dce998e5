// Run as a process: compiles the files of stdin and kills itself, as a crash would, after the step named.
import { pino } from 'pino';
import { createCompiler } from '../../../src/nginx/files/compile.ts';

const [binary = '', prefix = '', step = ''] = process.argv.slice(2);
const chunks: Buffer[] = [];
for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
const { digest, texts, sections, compiled } = JSON.parse(Buffer.concat(chunks).toString('utf8'));

const compiler = createCompiler({
  binary,
  prefix,
  log: pino({ level: 'silent' }),
  signal: new AbortController().signal,
  onProven: async () => ({ outcome: 'saved' }),
  onStep: (done) => void (done === step && process.kill(process.pid, 'SIGKILL')),
});
const keys = compiled.map(([host, pairs]: [string, [string, string][]]) => [host, new Map(pairs)]);
await compiler.compile({
  digest,
  texts: new Map(texts),
  sections: new Map(sections),
  compiled: new Map(keys),
  lines: [],
});
