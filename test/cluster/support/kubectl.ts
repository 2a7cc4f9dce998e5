// kubectl as an administrator uses it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Thing } from './api.ts';

export type Kubectl = {
  /** What it wrote to stdout; throws with what it wrote to stderr. */
  readonly run: (args: readonly string[], input?: string) => Promise<string>;
  readonly apply: (...objects: readonly Thing[]) => Promise<void>;
  readonly remove: (...args: readonly string[]) => Promise<void>;
  readonly get: (...args: readonly string[]) => Promise<Thing>;
};

export function kubectlFor(program: string, kubeconfig: string, cacheFolder: string): Kubectl {
  const run: Kubectl['run'] = async (args, input = '') => {
    const common = [`--kubeconfig=${kubeconfig}`, `--cache-dir=${cacheFolder}`];
    const child = spawn(program, [...common, ...args], { stdio: 'pipe', timeout: 120_000 });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.stdin.on('error', () => undefined).end(input);
    const [code] = (await once(child, 'close')) as [number | null];
    if (code === 0) return stdout;
    throw new Error(`kubectl ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
  };
  return {
    run,
    async apply(...objects) {
      const list = { apiVersion: 'v1', kind: 'List', items: objects };
      await run(['apply', '-f', '-'], JSON.stringify(list));
    },
    async remove(...args) {
      await run(['delete', '--wait=false', ...args]);
    },
    get: async (...args) => JSON.parse(await run(['get', '-o', 'json', ...args])) as Thing,
  };
}
