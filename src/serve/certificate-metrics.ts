// When certificates in service run out, as ingress-nginx tells it: one series for each host and Secret.

import { Gauge, type Registry } from 'prom-client';
import type { CertificateId, Model } from '../model/model.ts';

export interface CertificateMetrics {
  /** What is served from now on. */
  readonly served: (model: Model) => void;
}

export function createCertificateMetrics(registers: Registry[]): CertificateMetrics {
  let newest: Model | null = null;
  let told: Pick<Model, 'servers' | 'certificates' | 'settings'> | null = null;
  new Gauge({
    name: 'nginx_ingress_controller_ssl_expire_time_seconds',
    help: 'When the certificate that a host shows runs out, in seconds since 1970; _ stands for all other hosts',
    labelNames: ['host', 'namespace', 'secret_name'],
    registers,
    // Only when somebody asks, since there may be thousands.
    collect() {
      const same = (['servers', 'certificates', 'settings'] as const).every(
        (key) => newest?.[key] === told?.[key],
      );
      if (same || newest === null) return;
      told = newest;
      this.reset();
      for (const { host, certificate, notAfter } of shownBy(newest)) {
        const [namespace = '', secretName = ''] = certificate.split('/');
        this.set({ host, namespace, secret_name: secretName }, Date.parse(notAfter) / 1000);
      }
    },
  });
  return {
    served(model) {
      newest = model;
    },
  };
}

interface Shown {
  readonly host: string;
  readonly certificate: CertificateId;
  readonly notAfter: string;
}

function shownBy({ servers, certificates, settings }: Model): readonly Shown[] {
  const shown: Shown[] = [];
  const add = (host: string, id: CertificateId | null): void => {
    const certificate = id === null ? undefined : certificates.get(id);
    if (certificate === undefined) return;
    shown.push({
      host: host === '*' ? '_' : host,
      certificate: certificate.id,
      notAfter: certificate.notAfter,
    });
  };
  for (const server of servers.values()) {
    for (const id of [server.certificate, ...server.otherCertificates]) add(server.host, id);
  }
  if ((servers.get('*')?.certificate ?? null) === null) add('*', settings.defaultCertificate);
  return shown;
}
