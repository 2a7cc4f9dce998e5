// Ingresses that are broken in every way that comes to mind, each by itself: hostile text in every string, and
// mistakes that people make.
import type { Loose } from './edit.ts';
import { HOSTILE, MARKER, STRINGS } from './hostile.ts';
import { MISTAKES } from './mistakes.ts';
import { ingress, type Manifest, tlsSecret, workload } from './objects.ts';

export type Broken = {
  readonly name: string;
  readonly objects: readonly Manifest[];
  /** Whom the diagnostic has to name; `Ingress/default/<name>` unless the mistake is in what it refers to. */
  readonly object: string;
  /** Start of the field that it has to name; null: nothing is wrong, only odd. */
  readonly field: string | null;
  /** No host of it is valid and ours: the whole file has to be as without it. (A host with a bad path answers 404.) */
  readonly unservable: boolean;
};

export function brokenIngresses(): readonly Broken[] {
  const hostile = STRINGS.flatMap(([field, unservable, set], i) =>
    HOSTILE.map((text, j) =>
      broken(`bad-${i}-${j}`, isOddPath(field, text) ? null : field, unservable, (object) =>
        set(object, text),
      ),
    ),
  );
  const mistakes = Object.entries(MISTAKES).map(([name, [field, unservable, set]]) =>
    broken(name, field, unservable, set),
  );
  return [...hostile, ...mistakes];
}

/** What the broken ones refer to. */
export function brokenSecrets(
  pair: { readonly cert: string; readonly key: string },
  otherKey: string,
): readonly Manifest[] {
  const garbled = tlsSecret('garbled-tls', { cert: `-----BEGIN CERTIFICATE-----\n${MARKER}\n`, key: MARKER });
  return [garbled, tlsSecret('mixed-tls', { cert: pair.cert, key: otherKey })];
}

export function goodObjects(
  endpoint: string,
  pair: { readonly cert: string; readonly key: string },
): readonly Manifest[] {
  return [
    ...workload('good', [endpoint]),
    tlsSecret('good-tls', pair),
    ingress('good', {
      host: 'good.example',
      service: 'good',
      tls: 'good-tls',
      annotations: { 'ssl-redirect': 'false' },
    }),
  ];
}

/** Printable text behind a slash is a path like any other: it is served as it stands, by the interpreter. */
function isOddPath(field: string, text: string): boolean {
  return field.endsWith('.path') && /^[ -~]{1,1000}$/.test(text);
}

function broken(
  name: string,
  field: string | null,
  unservable: boolean,
  set: (object: Loose) => unknown,
): Broken {
  const object = structuredClone(
    ingress(name, { host: `${name}.example`, service: 'good' }),
  ) as unknown as Loose;
  set(object);
  const [kind, named = ''] = /^Secret\/(.*)$/.exec(field ?? '') ?? [null];
  return {
    name,
    objects: [object as unknown as Manifest],
    object: kind === null ? `Ingress/default/${name}` : `Secret/default/${named}`,
    field: kind === null ? field : '',
    unservable,
  };
}
