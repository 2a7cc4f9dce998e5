import { describe, expect, test } from '@jest/globals';
import type { IngressClass } from '../../../src/model/kubernetes.ts';
import { DEFAULT_TRANSLATE_OPTIONS } from '../../../src/translate/options.ts';
import { createTranslator } from '../../../src/translate/translate.ts';
import {
  codes,
  ingress,
  ingressClass,
  metadata,
  service,
  slice,
  snapshot,
  translate,
} from './support/objects.ts';

const annotated = (value: string) => ({
  ingressClassName: undefined,
  metadata: { annotations: { 'kubernetes.io/ingress.class': value } },
});
const standard = (name: string, more: Partial<IngressClass> = {}, created = ''): IngressClass =>
  ingressClass(name, {
    metadata: metadata(name, {
      namespace: '',
      creationTimestamp: created,
      annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' },
    }),
    ...more,
  });
const served = (...inputs: Parameters<typeof translate>) => translate(...inputs).servers.has('shop.example');

describe('class selection', () => {
  test('the spec names a class of our controller', () => {
    expect(served([ingress('a')])).toBe(true);
    expect(
      served([ingress('a', { ingressClassName: 'other' }), ingressClass('other', { controller: 'x/y' })]),
    ).toBe(false);
    expect(served([ingress('a', { ingressClassName: 'internal' }), ingressClass('internal')])).toBe(true);
  });

  test('the spec beats the annotation', () => {
    const both = { ...annotated('nginx'), ingressClassName: 'other' };
    expect(served([ingress('a', both), ingressClass('other', { controller: 'x/y' })])).toBe(false);
    expect(served([ingress('a', { ...annotated('other'), ingressClassName: 'nginx' })])).toBe(true);
  });

  test('the annotation counts when the spec is silent', () => {
    expect(served([ingress('a', annotated('nginx'))])).toBe(true);
    expect(served([ingress('a', annotated('other'))])).toBe(false);
    expect(served([ingress('a', annotated('edge'))], { ingressClass: 'edge' })).toBe(true);
  });

  test('a class that nobody declares is told, one of another controller is not', () => {
    expect(codes(translate([ingress('a', { ingressClassName: 'ngnix' })]))).toEqual([
      'info class-unknown Ingress/default/a spec.ingressClassName',
    ]);
    const other = ingressClass('other', { controller: 'x/y' });
    expect(codes(translate([ingress('a', { ingressClassName: 'other' }), other]))).toEqual([]);
  });

  test('by name, whatever the controller', () => {
    const foreign = ingressClass('edge', { controller: 'x/y' });
    const objects = [ingress('a', { ingressClassName: 'edge' }), foreign];
    expect(served(objects, { ingressClass: 'edge' })).toBe(false);
    expect(served(objects, { ingressClass: 'edge', ingressClassByName: true })).toBe(true);
  });

  test('without any class: only with the flag or a default class of ours', () => {
    const none = ingress('a', { ingressClassName: undefined });
    expect(served([none])).toBe(false);
    expect(served([none], { watchIngressWithoutClass: true })).toBe(true);
    expect(served([none, standard('nginx')])).toBe(true);
    expect(served([none, standard('nginx')], { applyDefaultClass: false })).toBe(false);
    expect(served([none, standard('x', { controller: 'x/y' })])).toBe(false);
    // As admission does it, the newest default class decides.
    expect(
      served([none, standard('x', { controller: 'x/y' }, '2026-01-02T00:00:00Z'), standard('nginx')]),
    ).toBe(false);
  });

  test('a class that comes later is picked up', () => {
    const translator = createTranslator(DEFAULT_TRANSLATE_OPTIONS);
    const objects = [ingress('a'), service(), slice()];
    expect(translator(snapshot(objects)).servers.size).toBe(0);
    expect(translator(snapshot([...objects, ingressClass()])).servers.size).toBe(1);
    expect(translator(snapshot(objects)).servers.size).toBe(0);
  });

  test('--watch-namespace', () => {
    expect(served([ingress('a')], { watchNamespace: 'other' })).toBe(false);
    expect(served([ingress('a')], { watchNamespace: 'default' })).toBe(true);
  });
});
