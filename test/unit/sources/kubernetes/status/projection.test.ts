import { expect, test } from '@jest/globals';
import { projectObject } from '../../../../../src/sources/project/project-object.ts';

const raw = (more: object, metadata: object = {}) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: 'shop', ...metadata },
  spec: {},
  ...more,
});

test('what is published is part of an Ingress, in the fields that are read', () => {
  const ingress = [{ ip: '192.0.2.1', ipMode: 'VIP', ports: [] }, { hostname: 'gate.example' }];
  expect(projectObject(raw({ status: { loadBalancer: { ingress } } }))).toMatchObject({
    object: {
      published: [
        { ip: '192.0.2.1', hostname: '' },
        { ip: '', hostname: 'gate.example' },
      ],
    },
  });
});

test.each([[undefined], [null], [{}], [{ loadBalancer: {} }], [{ loadBalancer: { ingress: 'x' } }], ['x']])(
  'a status of %j is none, and no reason to refuse the object',
  (status) => {
    const projected = projectObject(raw({ status }));
    expect(projected).toHaveProperty('object');
    expect(projected).not.toHaveProperty('object.published');
  },
);

test.each([
  [{ uid: 'u-1' }, 'u-1'],
  [{}, undefined],
  [{ uid: 7 }, undefined],
])('the uid of %j', (metadata, uid) => {
  const projected = projectObject(raw({}, metadata));
  if (!('object' in projected)) throw new Error('refused');
  expect(projected.object.metadata.uid).toBe(uid);
});
