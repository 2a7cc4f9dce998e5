// What `npm test` does. Without arguments: lint, types, then every suite below test/ but the slow ones.
// With arguments: jest on these paths (or with these options). A suite without tests is a failure, and the
// last line always sums up as `N passed, N failed`; a failed check or a suite that did not run counts as one.
// With SECOND_TRY=true, files in which something failed are run once more (second-try.ts).
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { ensureNginx } from '../../openresty/install-nginx.ts';
import { add, type Counts, closingLine, none, readClosingLine } from './counts.ts';
import { mayTryAgain, type Run, readFailedFile, settle } from './second-try.ts';

const root = resolve(import.meta.dirname, '../..');
const suites = ['unit', 'golden', 'laws', 'lua', 'nginx'];

const given = process.argv.slice(2);
await prepareNginx();
const total = given.length > 0 ? await runJest(given) : await runEverything();
if (given.length === 0) process.stdout.write(`\nall suites\n${closingLine(total)}\n`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;

async function runEverything(): Promise<Counts> {
  let sum = none;
  for (const check of ['lint', 'typecheck']) sum = add(sum, await runCheck(check));
  for (const suite of suites) {
    process.stdout.write(`\n${suite}\n`);
    sum = add(sum, await runSuite(suite));
  }
  return sum;
}

async function runSuite(suite: string): Promise<Counts> {
  const directory = join('test', suite);
  if (existsSync(join(root, directory))) return runJest([`<rootDir>/${directory}/`]);
  process.stdout.write(`${directory} does not exist\n`);
  return { ...none, failed: 1 };
}

async function runCheck(script: string): Promise<Counts> {
  const { code } = await run('npm', ['run', '--silent', script]);
  process.stdout.write(`${script}: ${code === 0 ? 'ok' : 'failed'}\n`);
  return code === 0 ? none : { ...none, failed: 1 };
}

async function runJest(args: readonly string[]): Promise<Counts> {
  const first = await runJestOnce(args);
  const tryAgain = process.env.SECOND_TRY === 'true' && mayTryAgain(first.failedFiles);
  const options = new Set([...args.filter((arg) => arg.startsWith('-')), '--runInBand', '--runTestsByPath']);
  const counts = tryAgain
    ? settle(first, await runJestOnce([...options, ...first.failedFiles]))
    : first.counts;
  process.stdout.write(`${closingLine(counts)}\n`);
  return counts;
}

async function runJestOnce(args: readonly string[]): Promise<Run> {
  const patterns = args.map((arg) => arg.replace('<rootDir>', root));
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const { code, closing, failedFiles } = await run(process.execPath, [
    ...flags,
    join(root, 'node_modules/jest/bin/jest.js'),
    ...patterns,
  ]);
  const read = readClosingLine(closing);
  const counts =
    read === null ? { ...none, failed: 1 } : { ...read, failed: read.failed || Number(code !== 0) };
  return { counts, failedFiles };
}

// stdout passes through but for the reporter's closing line, which is held back: jest's own summary goes to stderr,
// and could come after it.
function run(
  command: string,
  args: readonly string[],
): Promise<{ code: number | null; closing: string; failedFiles: readonly string[] }> {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd: root, stdio: ['inherit', 'pipe', 'inherit'] });
    let closing = '';
    const failedFiles: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => {
      const failed = readFailedFile(line);
      if (readClosingLine(line) !== null) closing = line;
      else if (failed !== null) failedFiles.push(failed);
      else process.stdout.write(`${line}\n`);
    });
    child.on('error', fail);
    child.on('close', (code) => done({ code, closing, failedFiles }));
  });
}

// A first download does not belong into the time limit of whichever test comes first. Tests that need
// nginx fail with the same message when there is none, so that the others still run.
async function prepareNginx(): Promise<void> {
  try {
    await ensureNginx();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  }
}
