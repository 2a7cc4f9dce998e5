// networking.k8s.io/v1 IngressClass: of no namespace.

import { z } from 'zod';
import type { IngressClass } from '../../model/kubernetes.ts';
import { clusterMetadata, textOrEmpty } from './shape.ts';

export const ingressClass = z
  .object({ metadata: clusterMetadata, spec: z.object({ controller: textOrEmpty }) })
  .transform(
    ({ metadata, spec }): IngressClass => ({ kind: 'IngressClass', metadata, controller: spec.controller }),
  );
