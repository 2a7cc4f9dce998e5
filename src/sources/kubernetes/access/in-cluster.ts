// The way in from a pod: address from the environment, CA and token from the service account's files.

import { join } from 'node:path';
import { CERTIFICATE_AGE, createFreshFile, TOKEN_AGE } from './fresh-file.ts';
import type { Access } from './grant.ts';
import { environmentProxy } from './proxy.ts';

export interface InClusterOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder?: string | undefined;
}

export function inClusterAccess({ env, folder = SERVICE_ACCOUNT }: InClusterOptions): Access {
  const token = createFreshFile(join(folder, 'token'), TOKEN_AGE);
  const ca = createFreshFile(join(folder, 'ca.crt'), CERTIFICATE_AGE);
  const namespace = createFreshFile(join(folder, 'namespace'), TOKEN_AGE);
  return {
    async grant() {
      const host = env.KUBERNETES_SERVICE_HOST ?? '';
      const port = env.KUBERNETES_SERVICE_PORT ?? '';
      if (host === '' || port === '') {
        return {
          message: 'KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set',
          hint: 'in-cluster works in a pod only; elsewhere give --kubeconfig a file',
        };
      }
      const address = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
      if (!URL.canParse(address)) {
        return { message: `${address} is not the address of an API server`, hint: 'correct the environment' };
      }
      const server = new URL(address);
      const way = environmentProxy(server, env);
      if ('message' in way) return way;
      const [tokenText, caText, namespaceText] = await Promise.all([
        token.read(),
        ca.read(),
        namespace.read(),
      ]);
      if ('message' in tokenText) return { message: tokenText.message, hint: HINT };
      if ('message' in caText) return { message: caText.message, hint: HINT };
      return {
        server,
        namespace: 'text' in namespaceText ? namespaceText.text.trim() || 'default' : 'default',
        tls: {
          ca: caText.text,
          cert: undefined,
          key: undefined,
          servername: undefined,
          insecure: false,
        },
        proxy: way.proxy,
        headers: { authorization: `Bearer ${tokenText.text.trim()}` },
      };
    },
    forget() {
      token.forget();
      ca.forget();
    },
  };
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const HINT = 'see that the pod has a service account, and automountServiceAccountToken is not false';
