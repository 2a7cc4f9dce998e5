// A bug of ours ends a pass. What moved in that pass must not be lost for the passes after it.
import { expect, test } from '@jest/globals';
import type { Ingress } from '../../../src/model/kubernetes.ts';
import type { Snapshot } from '../../../src/model/snapshot.ts';
import { DEFAULT_TRANSLATE_OPTIONS } from '../../../src/translate/options.ts';
import { createTranslator } from '../../../src/translate/translate.ts';
import { ingress, ingressClass, path, service, snapshot } from './support/objects.ts';

const hosts = (...names: readonly string[]) =>
  names.map((host) => ingress(host.replace('.', '-'), { rules: [{ host, paths: [path('/')] }] }));

/** The same, and whoever reads its rules stumbles. */
function broken(whole: Ingress): Ingress {
  return Object.defineProperty({ ...whole }, 'rules', {
    get() {
      throw new TypeError('a bug');
    },
  });
}

test('after a throw the next Model is that of a fresh translator', () => {
  const fresh = () => createTranslator(DEFAULT_TRANSLATE_OPTIONS);
  const old = fresh();
  const rest = [service('web'), ingressClass()];
  const of = (ingresses: readonly Ingress[]): Snapshot => snapshot([...ingresses, ...rest]);
  const [one, two, three] = hosts('one.example', 'two.example', 'three.example') as [
    Ingress,
    Ingress,
    Ingress,
  ];
  old(of([one, two]));
  // One goes and three comes, and the pass that sees it stumbles over two.
  expect(() => old(of([broken(two), three]))).toThrow('a bug');
  const mended = of([two, three]);
  const model = old(mended);
  expect([...model.servers.keys()].sort()).toEqual(['three.example', 'two.example']);
  expect(model).toEqual(fresh()(mended));
});
