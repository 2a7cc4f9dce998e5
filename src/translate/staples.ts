// All certificates of a model, each with the OCSP response that the sources have for it. An unchanged certificate with
// an unchanged response is the identical object, and only what changed is looked at.

import type { Certificate, CertificateId, Model } from '../model/model.ts';
import { mapChanges, patchMap } from '../model/patched-map.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { createAddition } from './addition.ts';

export function createStapled(): (
  hosts: { readonly certificates: Model['certificates'] },
  standard: Certificate | null,
  staples: Snapshot['staples'],
) => Model['certificates'] {
  const addStandard = createAddition<Certificate>();
  let seen: { readonly plain: Model['certificates']; readonly staples: Snapshot['staples'] } | null = null;
  let all: Model['certificates'] = new Map();

  return (hosts, standard, staples) => {
    const plain = addStandard(hosts.certificates, standard);
    if (staples.size === 0) {
      seen = null;
      return plain;
    }
    const ids = new Set(mapChanges(seen?.plain ?? NONE, plain).map(({ key }) => key));
    // Responses come seldom, and each for some certificate.
    if (seen?.staples !== staples) for (const id of plain.keys()) ids.add(id);
    const changes = [...ids].map((id) => [id, withStaple(plain.get(id), staples, all.get(id))] as const);
    all = patchMap(seen === null ? NONE : all, changes);
    seen = { plain, staples };
    return all;
  };
}

const NONE: ReadonlyMap<CertificateId, Certificate> = new Map();

function withStaple(
  plain: Certificate | undefined,
  staples: Snapshot['staples'],
  known: Certificate | undefined,
): Certificate | undefined {
  const staple = plain === undefined ? undefined : staples.get(plain.leaf);
  if (plain === undefined || staple === undefined) return plain;
  const same = known !== undefined && known.staple === staple && known.leaf === plain.leaf;
  return same && known.chain === plain.chain && known.key === plain.key ? known : { ...plain, staple };
}
