// All certificates of a model, each with the OCSP response that the sources have for it. An unchanged certificate with
// an unchanged response is the identical object.

import type { Certificate, Model } from '../model/model.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { compareText } from './order.ts';

export function createStapled(): (
  hosts: { readonly certificates: Model['certificates'] },
  standard: Certificate | null,
  staples: Snapshot['staples'],
) => Model['certificates'] {
  const made = new WeakMap<Certificate, Certificate>();

  return (hosts, standard, staples) => {
    const all = new Map(hosts.certificates);
    if (standard !== null) all.set(standard.id, standard);
    const stapled = [...all].map(([id, certificate]) => [id, withStaple(certificate, staples)] as const);
    return new Map(stapled.sort(([a], [b]) => compareText(a, b)));
  };

  function withStaple(certificate: Certificate, staples: Snapshot['staples']): Certificate {
    const staple = staples.get(certificate.leaf) ?? null;
    if (certificate.staple === staple) return certificate;
    const known = made.get(certificate);
    if (known?.staple === staple) return known;
    const next = { ...certificate, staple };
    made.set(certificate, next);
    return next;
  }
}
