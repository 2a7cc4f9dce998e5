// Deployments, Services and what else the tests apply, with as little as each has to say.
import type { Thing } from './api.ts';

export type DeploymentOptions = {
  readonly replicas?: number;
  /** Another one makes a rolling update. */
  readonly version?: string;
  /** Seconds that a pod serves on after it was asked to end, as `preStop: sleep` does. Default 2. */
  readonly preStop?: number;
};

/** Pods that listen on 8080; a rolling update adds one before it takes one. */
export function deployment(name: string, options: DeploymentOptions = {}): Thing {
  const { replicas = 1, version = '1', preStop = 2 } = options;
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: {
        metadata: { labels: { ...labels, version } },
        spec: {
          containers: [
            {
              name: 'app',
              image: `example.test/app:${version}`,
              ports: [{ name: 'http', containerPort: 8080 }],
              lifecycle: { preStop: { sleep: { seconds: preStop } } },
            },
          ],
        },
      },
    },
  };
}

/** Port 80 to the port `http` of the pods with this label `app`. */
export function clusterService(name: string): Thing {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
  };
}

export function namespace(name: string, labels: Readonly<Record<string, string>> = {}): Thing {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}
