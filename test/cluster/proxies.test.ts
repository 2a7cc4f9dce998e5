// The way to the API server leads through a proxy: each kind that kubectl knows, from the kubeconfig and from the
// environment; one that ends its connections or says nothing costs no request; what cannot be used is refused.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { makeLeaf } from '../support/certs.ts';
import { writeKubeconfig } from './support/kubeconfig.ts';
import { expectNews } from './support/news.ts';
import { httpProxy, type ProxyServer, socksProxy, USER } from './support/proxies.ts';
import { openShop } from './support/shop.ts';
import { testCluster } from './support/test-cluster.ts';

const KINDS = ['http', 'https', 'socks5'] as const;

testCluster(
  'through a proxy of each kind, which fails and comes back',
  { timeoutMs: 300_000 },
  async (bed) => {
    const { plane } = bed;
    // Loopback is never asked for through a proxy of the environment.
    const server = { server: plane.url, ca: plane.authority.cert };
    const target = new URL(plane.url).host;
    const token = join(plane.folder, 'controller.token');
    const kubeconfig = join(plane.folder, 'proxied.kubeconfig');
    const write = (cluster: Readonly<Record<string, unknown>>) =>
      writeKubeconfig(kubeconfig, {
        ...server,
        cluster,
        user: { tokenFile: token },
        namespace: 'ingress-openresty',
      });
    const open = async (kind: (typeof KINDS)[number]): Promise<ProxyServer> => {
      const leaf = await makeLeaf(plane.authority, { names: ['127.0.0.1'] });
      const proxy = await (kind === 'socks5' ? socksProxy() : httpProxy(kind === 'https' ? leaf : undefined));
      bed.after(proxy.close);
      return proxy;
    };

    await write({});
    const { gateway, expectUnbroken } = await openShop(bed, { flags: [`--kubeconfig=${kubeconfig}`] });
    const before = await gateway.settled();
    for (const kind of KINDS) {
      const proxy = await open(kind);
      // The kubeconfig is read anew while the controller runs.
      await write({ 'proxy-url': proxy.url });
      await sleep(11_000);
      expect(new Set(proxy.asked())).toEqual(new Set([target]));
      const asked = proxy.asked().length;
      proxy.cut();
      await expectNews(plane, gateway, `cut-${kind}`);
      expect(proxy.asked().length).toBeGreaterThan(asked);
      proxy.fallSilent();
      await sleep(5_000);
      proxy.speak();
      await expectNews(plane, gateway, `silent-${kind}`, 40_000);
    }
    await expectUnbroken(before);

    await write({});
    for (const kind of KINDS) {
      const proxy = await open(kind);
      await gateway.controller().stop();
      const exempt = gateway.startController([], { HTTPS_PROXY: proxy.url, NO_PROXY: '10.99.0.0/16' });
      await gateway.settled();
      expect(proxy.asked()).toEqual([]);
      await exempt.stop();
      gateway.startController([], { HTTPS_PROXY: proxy.url, NO_PROXY: 'other.example' });
      await gateway.settled();
      await expectNews(plane, gateway, `environment-${kind}`);
      expect(new Set(proxy.asked())).toEqual(new Set([target]));
      expect(gateway.controller().log()).not.toContain(USER);
      expect(gateway.controller().log()).not.toContain('Warning');
    }
  },
);

testCluster('a proxy that does not let us in is named, and what it says', {}, async (bed) => {
  const { plane } = bed;
  const proxy = await httpProxy();
  bed.after(proxy.close);
  const { gateway, load } = await openShop(bed);
  await load.stop();
  await gateway.controller().stop();
  const wrong = proxy.url.replace('sesame', 'barley');
  gateway.startController([`--kubeconfig=${await through(wrong)}`]);
  const { kinds } = await gateway.stateWhen('the refusal is said', (state) =>
    state.kinds.some(({ trouble }) => trouble !== null),
  );
  expect(kinds[0]?.trouble).toBe('the proxy does not accept our credentials (407)');
  const ready = await gateway.admin('/readyz');
  expect(ready.body).toContain('Ingress: not listed yet; the proxy does not accept our credentials (407)');
  expect(ready.body).not.toContain('barley');
  await gateway.controller().stop();

  const refused: readonly (readonly [string, Readonly<Record<string, string>>, ...string[]])[] = [
    [
      await through('socks4://127.0.0.1:1'),
      {},
      'has a proxy-url that is not http, https or socks5',
      'clusters[].cluster.proxy-url',
    ],
    [
      await through(null),
      { HTTPS_PROXY: 'ftp://127.0.0.1:1' },
      'HTTPS_PROXY names a proxy that is not',
      'NO_PROXY',
    ],
  ];
  for (const [kubeconfig, env, ...words] of refused) {
    const controller = gateway.startController([`--kubeconfig=${kubeconfig}`], env);
    expect(await controller.ended).toEqual({ code: 1, signal: null });
    for (const word of words) expect(controller.log()).toContain(word);
  }

  async function through(url: string | null): Promise<string> {
    const file = join(plane.folder, 'through.kubeconfig');
    const config = JSON.parse(await readFile(plane.account.kubeconfig, 'utf8'));
    config.clusters[0].cluster.server = plane.url;
    if (url !== null) config.clusters[0].cluster['proxy-url'] = url;
    const named = `${file}.${url === null ? 'direct' : new URL(url).protocol.slice(0, -1)}`;
    await writeFile(named, JSON.stringify(config));
    return named;
  }
});
