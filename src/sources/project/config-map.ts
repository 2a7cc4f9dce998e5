// v1 ConfigMap. `binaryData` is read by nobody.

import { z } from 'zod';
import type { ConfigMap } from '../../model/kubernetes.ts';
import { namespacedMetadata, stringMap } from './shape.ts';

export const configMap = z
  .object({ metadata: namespacedMetadata, data: stringMap })
  .transform(({ metadata, data }): ConfigMap => ({ kind: 'ConfigMap', metadata, data }));
