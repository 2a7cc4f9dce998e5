// OCSP responses from a responder to the client: shown live, without a reload, with the certificate that they are of,
// kept while the responder, the controller or nginx is gone, and taken away by a revocation.

import { expect } from '@jest/globals';
import { type Authority, makeAuthority, makeLeaf, type Pair } from '../support/certs.ts';
import { eventually } from '../support/eventually.ts';
import { type Client, handshake } from '../support/handshake.ts';
import { type OcspResponder, startOcspResponder } from '../support/ocsp-responder.ts';
import { runToEnd } from './support/controller.ts';
import { FORMS } from './support/forms.ts';
import { ingress, type Manifest, tlsSecret, workload } from './support/objects.ts';
import { closeAfterTest, testGateway } from './support/test-gateway.ts';

const authority: Promise<Authority> = makeAuthority();

async function leaf(responder: OcspResponder, kind: 'ec' | 'rsa'): Promise<Pair> {
  const made = await makeLeaf(await authority, { names: ['shop.example'], kind, ocsp: responder.url });
  responder.know(made);
  return { ...made, cert: `${made.cert}\n${(await authority).cert}\n` };
}

for (const { form, flags } of FORMS) {
  testGateway(
    `OCSP responses are shown, ${form}`,
    {
      gateway: ([one]) => ({
        flags: [...flags, '--ocsp-responder-networks', '127.0.0.0/8'],
        settings: { 'enable-ocsp': 'true' },
        manifests: { 'shop.yaml': workload('shop', [one?.endpoint ?? '']) },
      }),
    },
    async ({ gateway }) => {
      const responder = await startOcspResponder(await authority);
      closeAfterTest(responder.close);
      const [rsa, ec] = [await leaf(responder, 'rsa'), await leaf(responder, 'ec')];
      const plain = ingress('shop', { host: 'shop.example', service: 'shop', tls: 'rsa' });
      await gateway.change(() => gateway.put('tls.yaml', plain, tlsSecret('rsa', rsa)));
      const { reloads } = await gateway.stateWhen('the host has its form', ({ settled, hosts }) => {
        return settled && hosts.compiled === (form === 'compiled' ? 1 : 0);
      });
      const stapled = async (more: Omit<Client, 'port'> = {}) => {
        const { staple, keyType } = await handshake({
          port: gateway.httpsPort,
          servername: 'shop.example',
          ...more,
        });
        return { staple, keyType };
      };
      const both = { staple: expect.any(Buffer), keyType: 'rsa' };
      for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
        await eventually('a response', async () => (await stapled({ version })).staple);
        expect(await stapled({ version })).toEqual(both);
      }
      const after = await gateway.settled();
      expect(after.reloads).toBe(reloads);
      expect(after.lastPlan?.reasons).toEqual(['certificate default/rsa: OCSP response added']);
      expect(responder.asked()).toBe(1);

      // As a client that checks it sees it.
      const seen = await runToEnd(
        [
          '-c',
          `echo | openssl s_client -status -connect 127.0.0.1:${gateway.httpsPort} -servername shop.example`,
        ],
        { program: 'sh' },
      );
      expect(seen.stdout).toContain('OCSP Response Status: successful');
      expect(seen.stdout).toContain('Cert Status: good');

      responder.answerWith((_, response) => void response.writeHead(503).end());
      await gateway.controller().kill();
      expect(await stapled()).toEqual(both);
      gateway.startController();
      expect((await gateway.settled()).pushes).toBe(0);
      expect(await stapled()).toEqual(both);

      responder.answerWith(null);
      const shop = plain as { readonly spec: { readonly tls: readonly object[] } };
      const tls = [...shop.spec.tls, { hosts: ['shop.example'], secretName: 'ec' }];
      const dual = { ...shop, spec: { ...shop.spec, tls } } as Manifest;
      await gateway.change(() => gateway.put('tls.yaml', dual, tlsSecret('rsa', rsa), tlsSecret('ec', ec)));
      const ofEc = await eventually('a response for the other', async () => {
        const answer = await stapled();
        return answer.keyType === 'ec' ? answer.staple : null;
      });
      const ofRsa = (await stapled({ sigalgs: 'rsa_pss_rsae_sha256' })).staple;
      expect(ofRsa).not.toBeNull();
      expect(ofRsa?.equals(ofEc)).toBe(false);

      // The renewed one is known to be revoked.
      const revoked = await leaf(responder, 'rsa');
      responder.know(revoked, 'revoked');
      await gateway.put('tls.yaml', plain, tlsSecret('rsa', revoked));
      const state = await gateway.stateWhen('revocation is said', ({ diagnostics }) =>
        diagnostics.some(({ code }) => code === 'certificate-revoked'),
      );
      expect(state.diagnostics.find(({ code }) => code === 'certificate-revoked')?.object).toBe(
        'Secret/default/rsa',
      );
      expect(await stapled()).toEqual({ staple: null, keyType: 'rsa' });
    },
  );
}
