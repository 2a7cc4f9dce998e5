// A jest test around a gateway of its own: logs go into the failure, and nothing outlives the test.
import { afterEach, test } from '@jest/globals';
import { type Backend, startBackend } from '../../support/backend.ts';
import { closeAllGateways, type Gateway, type GatewayOptions, startGateway } from './gateway.ts';

export type Bed = {
  readonly gateway: Gateway;
  readonly backends: readonly Backend[];
};

export type BedOptions = {
  /** Names of backends; each listens on a loopback address of its own. */
  readonly backends?: readonly string[];
  readonly gateway?:
    | GatewayOptions
    | ((backends: readonly Backend[]) => GatewayOptions | Promise<GatewayOptions>);
  readonly timeoutMs?: number;
};

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  await closeAllGateways();
  await Promise.all(closing.splice(0).map((close) => close()));
}, 60_000);

export function testGateway(name: string, options: BedOptions, body: (bed: Bed) => Promise<void>): void {
  const run = async () => {
    const backends = await startBackends(options.backends ?? ['one']);
    const { gateway: asked = {} } = options;
    const gateway = await startGateway(typeof asked === 'function' ? await asked(backends) : asked);
    try {
      await body({ gateway, backends });
    } catch (error) {
      if (error instanceof Error) error.message += `\n\n${await gateway.logs()}`;
      throw error;
    } finally {
      await gateway.cleanup();
    }
  };
  test(name, run, options.timeoutMs ?? 60_000);
}

/** On 127.0.0.2, 127.0.0.3, …; closed after the test. */
export async function startBackends(names: readonly string[]): Promise<readonly Backend[]> {
  const backends = await Promise.all(
    names.map((name, i) => startBackend({ name, address: `127.0.0.${i + 2}` })),
  );
  for (const backend of backends) closing.push(backend.close);
  return backends;
}

/** Something else that must not outlive the test. */
export function closeAfterTest(close: () => Promise<void>): void {
  closing.push(close);
}
