// That the controller hears of what changes: a new host, from kubectl to an answer of 200.
import { ingress } from '../../e2e/support/objects.ts';
import type { ControlPlane } from './control-plane.ts';
import type { ClusterGateway } from './gateway-in-cluster.ts';

/** @param name of the Ingress, which routes `name.example` to the Service `shop`. */
export async function expectNews(
  plane: ControlPlane,
  gateway: ClusterGateway,
  name: string,
  timeoutMs = 20_000,
): Promise<void> {
  const host = `${name}.example`;
  await plane.kubectl.apply(ingress(name, { host, service: 'shop' }));
  const took = await gateway.answers(host, ({ status }) => status === 200, timeoutMs);
  process.stdout.write(`${name}: a new host was served ${took} ms after kubectl had returned\n`);
}
