// What the flags say about status: which addresses are published, and whether they are ever taken back.

import type { Flags } from '../../options/flags.ts';
import type { AddressSource } from '../../sources/kubernetes/status/address-source.ts';
import type { OwnPod } from '../../sources/kubernetes/status/own-pods.ts';

export type StatusFlags = Pick<
  Flags,
  | 'publishStatusAddress'
  | 'publishService'
  | 'reportNodeInternalIpAddress'
  | 'updateStatus'
  | 'updateStatusOnShutdown'
  | 'supervise'
>;

/** @param pod that of this controller, whose nodes are published when no flag names an address. */
export function addressSource(flags: StatusFlags, pod: OwnPod | null): AddressSource {
  if (!flags.updateStatus) return { kind: 'none', reason: '--update-status is off' };
  if (flags.publishService !== null) {
    const [namespace = '', name = ''] = flags.publishService.split('/');
    return { kind: 'service', namespace, name };
  }
  const addresses = flags.publishStatusAddress;
  if (addresses.length > 0) return { kind: 'addresses', addresses };
  if (pod === null) return { kind: 'none', reason: NO_ADDRESS };
  return { kind: 'nodes', pod, internal: flags.reportNodeInternalIpAddress };
}

/** Only an nginx that we supervise ends with us; any other goes on serving what was published. */
export function takesBack(flags: StatusFlags): boolean {
  return flags.updateStatusOnShutdown ?? flags.supervise;
}

const NO_ADDRESS =
  'name the addresses with --publish-status-address or --publish-service; in a pod, POD_NAME and POD_NAMESPACE publish those of its nodes';
