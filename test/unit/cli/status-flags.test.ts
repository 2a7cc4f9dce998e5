// What the flags about status come to.
import { expect, test } from '@jest/globals';
import { addressSource, type StatusFlags, takesBack } from '../../../src/cli/run/status-flags.ts';
import { DEFAULT_FLAGS } from '../../../src/options/flags.ts';

const POD = { namespace: 'edge', name: 'gate-1' };
const given = (more: Partial<StatusFlags>): StatusFlags => ({ ...DEFAULT_FLAGS, ...more });

test('a flag that names addresses comes before the nodes of our pods', () => {
  const publishStatusAddress = ['192.0.2.1'];
  expect(addressSource(given({ publishStatusAddress }), POD)).toEqual({
    kind: 'addresses',
    addresses: publishStatusAddress,
  });
  expect(addressSource(given({ publishService: 'edge/gate' }), POD)).toEqual({
    kind: 'service',
    namespace: 'edge',
    name: 'gate',
  });
  expect(addressSource(given({}), POD)).toEqual({ kind: 'nodes', pod: POD, internal: false });
  expect(addressSource(given({ reportNodeInternalIpAddress: true }), POD)).toMatchObject({ internal: true });
});

test('outside of a pod nothing is published, and the reason names the flags that would do it', () => {
  expect(addressSource(given({}), null)).toEqual({
    kind: 'none',
    reason: expect.stringMatching(
      /--publish-status-address or --publish-service.*POD_NAME and POD_NAMESPACE/,
    ),
  });
  expect(addressSource(given({ updateStatus: false }), POD)).toEqual({
    kind: 'none',
    reason: '--update-status is off',
  });
});

test.each([
  [false, null, false],
  [true, null, true],
  [true, false, false],
  [false, true, true],
])(
  '--supervise %s, --update-status-on-shutdown %s: taken back %s',
  (supervise, updateStatusOnShutdown, back) => {
    expect(takesBack(given({ supervise, updateStatusOnShutdown }))).toBe(back);
  },
);
