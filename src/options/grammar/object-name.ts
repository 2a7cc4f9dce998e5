// Names of Kubernetes objects. Everything that becomes part of an id passes here, so that ids cannot collide.

import { bad, good, type Parse } from './parsed.ts';

/** A DNS subdomain (RFC 1123), as the API server demands of most objects. */
export const objectNameText: Parse<string> = (given) =>
  given.length <= 253 && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/.test(given)
    ? good(given)
    : bad('up to 253 lower-case letters, digits, "-" and "." are expected, a letter or digit at both ends');

/** A DNS label: namespaces. */
export const labelText: Parse<string> = (given) =>
  /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(given)
    ? good(given)
    : bad('up to 63 lower-case letters, digits and "-" are expected, a letter or digit at both ends');

/** `namespace/name`. */
export const namespacedName: Parse<string> = (given) => {
  const [namespace, name, ...rest] = given.slice(0, 400).split('/');
  return namespace !== undefined &&
    name !== undefined &&
    rest.length === 0 &&
    given.length <= 400 &&
    labelText(namespace).ok &&
    objectNameText(name).ok
    ? good(given)
    : bad('a namespace and a name are expected, as in default/web');
};

/** `name`, or `namespace/name`. */
export const referenceWithin: Parse<string> = (given) =>
  given.includes('/') ? namespacedName(given) : objectNameText(given);
