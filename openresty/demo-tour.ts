// `npm run demo -- --once`: does what the demo tells people to do, and looks whether what should happen happens.
import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { get, shownCertificate, tally } from './demo-client.ts';
import { type DemoWorld, SECRET_FILE } from './demo-world.ts';

const execute = promisify(execFile);

/** True when every step had its effect, without a reload and without a failed request. */
export async function takeTour(world: DemoWorld, log: (line: string) => void): Promise<boolean> {
  const { http, https } = world.ports;
  let failed = 0;
  const shop = async (times = 60) => {
    const counts = await tally(http, 'shop.localhost', times);
    for (const [answer, number] of counts) if (answer.startsWith('HTTP ')) failed += number;
    return counts;
  };
  // Workers report by themselves, each within a moment of its start.
  await until(async () => (await world.state()).workers.length > 0);
  const before = await world.state();
  let well = true;
  const expect = (what: string, holds: boolean, seen: string): void => {
    well = well && holds;
    log(`${holds ? 'ok    ' : 'FAILED'}  ${what}${seen === '' ? '' : `\n        ${seen}`}`);
  };

  const first = await shop();
  const both = first.has('shop on 127.0.0.11') && first.has('shop on 127.0.0.12');
  expect('both endpoints of shop.localhost answer', both, show(first));
  const asked = await get(http, 'shop.localhost', { 'X-Canary': 'always' });
  expect('X-Canary: always gets the canary', asked.body === 'shop-next on 127.0.0.21', asked.body);
  const plain = await get(http, 'secure.localhost');
  const redirected = plain.status === 308 && /^https:\/\/secure\.localhost\/?$/.test(plain.location);
  expect('plain HTTP to secure.localhost is redirected', redirected, `${plain.status} ${plain.location}`);
  const unknown = await get(http, 'unknown.localhost');
  expect('an unknown host gets the fallback', unknown.body === 'fallback on 127.0.0.31', unknown.body);

  await execute('sed', [...SED.endpoint, join(world.manifests, 'shop.yaml')]);
  const moved = await until(async () => (await shop()).has('shop on 127.0.0.13'));
  const after = await shop();
  const replaced = moved && !after.has('shop on 127.0.0.12');
  expect('an endpoint is replaced', replaced, show(after));

  await execute('sed', [...SED.dead, join(world.manifests, 'shop.yaml')]);
  const why = async () => {
    const { backends } = await world.endpoints('default/shop');
    const checked = backends.find(({ activeCheck }) => activeCheck !== null);
    return checked?.endpoints.find(({ endpoint }) => endpoint.startsWith('127.0.0.19:'));
  };
  await until(async () => (await shop(5)).size > 0 && (await why())?.state === 'unhealthy');
  const dead = await why();
  const left = dead?.state === 'unhealthy' && !dead.used;
  expect('an endpoint that nobody answers on is left, and /state says why', left, dead?.why ?? 'not there');
  await execute('sed', [...SED.alive, join(world.manifests, 'shop.yaml')]);
  await until(async () => (await shop()).has('shop on 127.0.0.13'));

  await execute('sed', [...SED.canary, join(world.manifests, 'shop-canary.yaml')]);
  const onlyNext = (counts: ReadonlyMap<string, number>) =>
    counts.size === 1 && counts.has('shop-next on 127.0.0.21');
  await until(async () => onlyNext(await shop(10)));
  const all = await shop();
  expect('the canary gets everything at weight 100', onlyNext(all), show(all));

  const oldName = await shownCertificate(https, 'secure.localhost');
  const script = resolve(import.meta.dirname, 'demo-certificate.ts');
  await execute(process.execPath, [script, join(world.manifests, SECRET_FILE)]);
  await until(async () => (await shownCertificate(https, 'secure.localhost')) !== oldName);
  const newName = await shownCertificate(https, 'secure.localhost');
  const rotated = newName !== oldName && /^demo [0-9a-f]{4}$/.test(newName);
  expect('the certificate is rotated', rotated, `O=${oldName}, then O=${newName}`);

  const ended = await world.state();
  const live = ended.reloads === before.reloads && stillThere(before.workers, ended.workers);
  expect(
    'all of it without a reload',
    live,
    `${ended.pushes - before.pushes} pushes, ${ended.reloads - before.reloads} reloads`,
  );
  expect(
    'no request failed at any time',
    failed === 0,
    failed === 0 ? '' : `${failed} answers other than 200`,
  );
  const [problem] = ended.diagnostics.filter(({ severity }) => severity === 'error');
  expect('no object has an error', problem === undefined, problem?.message ?? '');
  return well;
}

/** Arguments before the file. */
export const SED = {
  endpoint: ['-i', 's/127.0.0.12/127.0.0.13/'],
  dead: ['-i', 's/127.0.0.13/127.0.0.19/'],
  alive: ['-i', 's/127.0.0.19/127.0.0.13/'],
  canary: ['-i', 's/canary-weight: .*/canary-weight: "100"/'],
} as const;

type Workers = readonly { readonly pid: number }[];

function stillThere(before: Workers, after: Workers): boolean {
  const pids = new Set(after.map(({ pid }) => pid));
  return before.length > 0 && before.every(({ pid }) => pids.has(pid));
}

async function until(holds: () => Promise<boolean>): Promise<boolean> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (await holds()) return true;
    await sleep(100);
  }
  return false;
}

function show(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([answer, times]) => `${times} × ${answer}`).join(', ');
}
