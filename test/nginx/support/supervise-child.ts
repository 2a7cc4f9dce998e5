// Run as a process: supervises the nginx of a prefix until it is killed, or ended by SIGTERM as a controller is.
import { pino } from 'pino';
import { createSupervisor } from '../../../src/nginx/supervise/supervisor.ts';

const [binary = '', prefix = ''] = process.argv.slice(2);
const { signal } = new AbortController();
const supervisor = createSupervisor({ binary, prefix, signal, log: pino({ level: 'silent' }) });
process.once('SIGTERM', () => {
  void supervisor.stop().then(() => process.exit(0));
});
const started = await supervisor.start();
process.stdout.write(`${JSON.stringify(started)}\n`);
