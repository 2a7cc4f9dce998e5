// v1 Secret. No message about it ever holds a value.

import { z } from 'zod';
import type { Secret } from '../../model/kubernetes.ts';
import { namespacedMetadata, stringMap } from './shape.ts';

// Go's decoder, which the API server uses, skips line breaks and is strict about all else, padding included.
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const base64 = z.string().transform((text, context): string => {
  const packed = text.replace(/[\r\n]/g, '');
  if (BASE64.test(packed)) return Buffer.from(packed, 'base64').toString('utf8');
  context.addIssue({
    code: 'custom',
    message: 'is not base64',
    params: { hint: 'Encode it with `base64 -w0`, or write the plain text below stringData.' },
  });
  return z.NEVER;
});

export const secret = z
  .object({
    metadata: namespacedMetadata,
    type: z.string().nullish(),
    data: z.record(z.string(), base64).nullish(),
    stringData: stringMap,
  })
  .transform(
    ({ metadata, type, data, stringData }): Secret => ({
      kind: 'Secret',
      metadata,
      type: type || 'Opaque',
      data: Object.assign(Object.create(null), data, stringData),
    }),
  );
