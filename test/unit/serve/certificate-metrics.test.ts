// The end of each certificate in service, by host and Secret, and only of those that are.
import { expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import type { Certificate, Model } from '../../../src/model/model.ts';
import { createCertificateMetrics } from '../../../src/serve/certificate-metrics.ts';
import { makeModel, makeServer, PLAIN_LEAF, SETTINGS } from '../render/sample-model.ts';

function certificate(id: string, notAfter: string): [string, Certificate] {
  return [id, { id, chain: '', key: '', ...PLAIN_LEAF, notAfter }];
}

const certificates = new Map([
  certificate('ns/rsa', '2027-01-01T00:00:00.000Z'),
  certificate('ns/ec', '2027-02-01T00:00:00.000Z'),
  certificate('ns/default', '2028-01-01T00:00:00.000Z'),
]);

async function told(...models: readonly Model[]): Promise<readonly string[]> {
  const registry = new Registry();
  const metrics = createCertificateMetrics([registry]);
  let text = '';
  for (const model of models) {
    metrics.served(model);
    text = await registry.metrics();
  }
  return text.split('\n').filter((line) => line.startsWith('nginx_'));
}

const series = (host: string, secret: string, value: number) =>
  `nginx_ingress_controller_ssl_expire_time_seconds{host="${host}",namespace="ns",secret_name="${secret}"} ${value}`;

test('one series for each host and Secret; what is no longer served goes', async () => {
  const both = { ...makeServer('a.example'), certificate: 'ns/rsa', otherCertificates: ['ns/ec'] };
  const plain = makeServer('b.example');
  const settings = { ...SETTINGS, defaultCertificate: 'ns/default' };
  const model = makeModel([both, plain], { certificates, settings });
  expect(await told(model)).toEqual([
    series('a.example', 'rsa', 1_798_761_600),
    series('a.example', 'ec', 1_801_440_000),
    series('_', 'default', 1_830_297_600),
  ]);
  const every = { ...makeServer('*'), certificate: 'ns/ec' };
  expect(await told(model, makeModel([every], { certificates, settings }))).toEqual([
    series('_', 'ec', 1_801_440_000),
  ]);
});
