// A network and a set of processes of the suite's own: a whole range of addresses is local there, so that pods have
// addresses, and whatever is still running when the suite ends, or is killed, is ended by the kernel.
import { createServer } from 'node:net';

/** Addresses of pods are 10.99.POD.POD; what is not a pod has one below 10.99.1.0. */
export const CONTROL_PLANE_ADDRESS = '10.99.0.1';

/** How to run a command inside; it may be run by root, or by anybody whom the kernel lets make user namespaces. */
export function enterOwnNetwork(command: readonly string[]): readonly [program: string, ...args: string[]] {
  // Kept capabilities, not root's id: a master that takes itself for root would try to become another user.
  const asUser = process.getuid?.() === 0 ? [] : ['--map-current-user', '--keep-caps'];
  const namespaces = ['--net', '--pid', '--fork', '--mount-proc', '--kill-child'];
  return ['unshare', ...asUser, ...namespaces, 'sh', '-c', SET_UP, 'sh', ...command];
}

/** Throws, saying how to run the suite, when this process is not inside. */
export async function requireOwnNetwork(): Promise<void> {
  const inside = await new Promise<boolean>((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen(0, CONTROL_PLANE_ADDRESS, () => server.close(() => done(true)));
  });
  if (!inside)
    throw new Error('this suite needs a network of its own: run it by `npm run test:cluster [PATH]`');
}

// The shell stays: as the first process inside it buries the daemons that others leave to it.
const SET_UP = `
ip link set lo up && ip route add local 10.99.0.0/16 dev lo || {
  echo 'test:cluster needs the program ip (package iproute2) and the right to make network namespaces' >&2
  exit 1
}
"$@"
exit $?
`;
