import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Batch, encodeBatch } from '../../../../src/model/batch.ts';
import { DOCUMENT_KINDS } from '../../../../src/model/document.ts';
import { decodeBatches } from '../../../../src/nginx/state/decode-batch.ts';
import { backend, delta, document, full, md5 } from './support/sample.ts';

const count = fc.nat({ max: 1_000_000 });
const version = fc.record({ epoch: count, generation: count });
const someDocument = fc
  .tuple(
    fc.constantFrom(...DOCUMENT_KINDS),
    fc.string({ unit: 'grapheme' }),
    fc.dictionary(fc.string(), fc.jsonValue()),
  )
  .map(([kind, id, body]) => document(kind, id, JSON.parse(JSON.stringify(body))));
const batches: fc.Arbitrary<Batch> = fc
  .record({
    version,
    base: fc.option(version),
    state: fc.stringMatching(/^[0-9a-f]{2,32}$/),
    put: fc.array(someDocument, { maxLength: 5 }),
    remove: fc.array(someDocument, { maxLength: 5 }),
  })
  .map(({ base, remove, ...rest }) => ({
    ...rest,
    type: base === null ? ('full' as const) : ('delta' as const),
    base,
    remove: remove.map((one) => `${one.kind}:${one.id}` as const),
  }));

describe('decodeBatches', () => {
  test('gives back what was encoded, one batch after the other', () => {
    fc.assert(
      fc.property(fc.array(batches, { maxLength: 4 }), (given) => {
        const texts = given.map((batch) => encodeBatch(batch, md5));
        const decoded = decodeBatches(texts.join(''));
        expect(decoded.problem).toBeNull();
        expect(decoded.batches).toEqual(given);
        expect(decoded.length).toBe(Buffer.byteLength(texts.join('')));
      }),
    );
  });

  test('a key of a body may be named as no key should be', () => {
    const body = JSON.parse('{"headers":{"__proto__":"x"},"__proto__":{}}');
    const given = full({ epoch: 1, generation: 1 }, [document('settings', 's', body)]);
    expect(decodeBatches(encodeBatch(given, md5)).batches).toEqual([given]);
  });

  const first = encodeBatch(full({ epoch: 1, generation: 1 }, [backend('default/ä/80', 1)]), md5);
  const second = encodeBatch(
    delta({ epoch: 1, generation: 1 }, [backend('b', 2)], [backend('default/ä/80', 1)]),
    md5,
  );
  const bytes = Buffer.from(first + second);
  const boundary = Buffer.byteLength(first);

  test('cut anywhere: the batches before the cut, and the rest is torn', () => {
    for (let cut = 1; cut < bytes.length; cut += 1) {
      const decoded = decodeBatches(bytes.subarray(0, cut));
      expect(decoded.batches).toHaveLength(cut < boundary ? 0 : 1);
      expect(decoded.length).toBe(cut < boundary ? 0 : boundary);
      expect(decoded.problem?.kind ?? null).toBe(cut === boundary ? null : 'torn');
    }
  });

  test('any changed bit is found', () => {
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      const decoded = decodeBatches(changed);
      expect(decoded.problem).not.toBeNull();
      expect(decoded.batches).toHaveLength(at < boundary ? 0 : 1);
    }
  });

  test('well-formed bytes of another make are garbled', () => {
    const odd = (text: string) => decodeBatches(`${text}{"end":"${md5(text)}"}\n`).problem?.kind;
    const header = { v: 1, type: 'full', epoch: 1, generation: 1, documents: 0, removals: 0, state: 'aa' };
    expect(odd(`${JSON.stringify(header)}\n`)).toBeUndefined();
    expect(odd(`${JSON.stringify({ ...header, v: 2 })}\n`)).toBe('garbled');
    expect(odd(`${JSON.stringify({ ...header, type: 'delta' })}\n`)).toBe('garbled');
    expect(odd(`${JSON.stringify({ ...header, extra: 1 })}\n`)).toBe('garbled');
    expect(odd(`${JSON.stringify({ ...header, documents: 1 })}\n{"v":1,"kind":"tea","id":"a"}\n`)).toBe(
      'garbled',
    );
    expect(odd(`${JSON.stringify({ ...header, removals: 1 })}\n${backend('a', 1).line}\n`)).toBe('garbled');
  });
});
