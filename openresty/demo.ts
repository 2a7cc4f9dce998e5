// `npm run demo`: a local nginx with Lua on unprivileged ports, example backends and the controller on a copy of
// deploy/examples, until Ctrl-C. With `-- --once` it takes the tour by itself and ends.
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SED, takeTour } from './demo-tour.ts';
import { type DemoWorld, inDemoWorld, SECRET_FILE } from './demo-world.ts';

const log = (line: string): void => void process.stdout.write(`${line}\n`);

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const once = args.length === 1 && args[0] === '--once';
  if (args.length > 0 && !once) {
    process.stderr.write('usage: npm run demo [-- --once]\n');
    return 2;
  }
  const stop = new AbortController();
  // A terminal that goes away, and a pipe that nobody reads, end the demo in order too.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stop.abort());
  process.stdout.on('error', () => stop.abort());
  try {
    const code = await inDemoWorld(log, stop.signal, async (world) => {
      if (once) return (await takeTour(world, log)) ? 0 : 1;
      log(guide(world));
      return await watch(world, stop.signal);
    });
    log('Everything is stopped and removed.');
    return code;
  } catch (error) {
    if (stop.signal.aborted) {
      log('Everything is stopped and removed.');
      return 0;
    }
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

/** Says what the controller does, until it or the user ends it. */
async function watch(world: DemoWorld, signal: AbortSignal): Promise<number> {
  let last = '';
  let ended: { readonly code: number | null } | null = null;
  void world.ended.then((code) => {
    ended = { code };
  });
  while (!signal.aborted && ended === null) {
    const report = await world.state().catch(() => null);
    const plan = report?.lastPlan ?? null;
    const now = plan === null ? '' : `${plan.at}  ${plan.kind}: ${plan.reasons.slice(0, 3).join('; ')}`;
    if (report !== null && now !== last) {
      if (last !== '') log(`${now}  (${report.pushes} pushes, ${report.reloads} reloads so far)`);
      last = now;
    }
    await sleep(500, undefined, { signal }).catch(() => undefined);
  }
  if (signal.aborted) {
    log('\nstopping…');
    return 0;
  }
  log('the controller has ended by itself');
  return 1;
}

function guide({ manifests, ports }: DemoWorld): string {
  const shop = `http://shop.localhost:${ports.http}/`;
  const secure = `https://secure.localhost:${ports.https}/`;
  const script = relative(process.cwd(), join(import.meta.dirname, 'demo-certificate.ts'));
  const node = relative(process.cwd(), process.execPath);
  return `
Running. In another terminal, try:

  curl ${shop}                                  # two endpoints, and a canary with 20 %
  curl -H 'X-Canary: always' ${shop}
  curl http://127.0.0.1:${ports.http}/                                  # no such host: the fallback

A live endpoint change: .12 goes, .13 comes (back: 's/127.0.0.13/127.0.0.12/')
  sed ${SED.endpoint[0]} '${SED.endpoint[1]}' ${manifests}/shop.yaml
  for i in 1 2 3 4 5 6; do curl -s ${shop}; done

An endpoint that nobody answers on, and why it gets no requests (back: 's/127.0.0.19/127.0.0.13/')
  sed ${SED.dead[0]} '${SED.dead[1]}' ${manifests}/shop.yaml
  curl 'http://127.0.0.1:${ports.admin}/state?backend=default/shop'

A canary: everything to shop-next
  sed ${SED.canary[0]} '${SED.canary[1]}' ${manifests}/shop-canary.yaml
  for i in 1 2 3 4 5 6; do curl -s ${shop}; done

A certificate: look, rotate, look again
  curl -skv ${secure} 2>&1 | grep subject:
  ${node} ${script} ${manifests}/${SECRET_FILE}
  curl -skv ${secure} 2>&1 | grep subject:

What the controller knows and did (reloads stay as they are), and what it measures:
  curl http://127.0.0.1:${ports.admin}/state
  curl http://127.0.0.1:${ports.admin}/metrics

Ctrl-C stops and removes everything. Changes that are seen:`;
}
