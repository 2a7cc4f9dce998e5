// The grammars that only flags have; the others are in `grammar/`.

import { bad, good, type Parse } from './grammar/parsed.ts';

export interface Address {
  /** IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Any text that can be a path for Node: the file system judges the rest. */
export const path: Parse<string> = (given) =>
  given === '' || given.includes('\0') ? bad('a path is expected') : good(given);

/**
 * An absolute path that may stand in nginx.conf and in Lua as it is: no character that either of them reads as
 * anything but a path. Repeated slashes and one at the end are dropped.
 */
export const configurationPath: Parse<string> = (given) => {
  const segments = given.split('/').filter((segment) => segment !== '');
  const plain = /^\/[A-Za-z0-9._/-]+$/.test(given) && !segments.includes('..') && !segments.includes('.');
  return plain && segments.length > 0
    ? good(`/${segments.join('/')}`)
    : bad('an absolute path of letters, digits and . _ - is expected, without . or .. segments');
};

/** As `configurationPath`, with `*` for several files of one folder. */
export const includePath: Parse<string> = (given) => {
  const plain = configurationPath(given.replaceAll('*', 'x'));
  return plain.ok ? good(given) : bad('an absolute path of letters, digits and . _ - * is expected');
};

/** The longest socket below the prefix has to fit the 107 bytes that Linux has for the path of one. */
export const prefix: Parse<string> = (given) => {
  const parsed = configurationPath(given);
  return parsed.ok && parsed.value.length > 80
    ? bad('at most 80 characters are expected, because unix sockets lie below it')
    : parsed;
};

/** A time with its unit, `500ms`, `10s`, `5m`, `1h`, at most a day; in milliseconds. */
export const milliseconds: Parse<number> = (given) => {
  const match = /^(\d{1,8})(ms|s|m|h)$/.exec(given);
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match?.[2] ?? ''] ?? 1;
  const value = match === null ? Number.NaN : Number(match[1]) * unit;
  return value <= 86_400_000
    ? good(value)
    : bad('a time with its unit such as 500ms, 10s or 5m is expected, at most 24h');
};

/** `HOST:PORT`, `[::1]:PORT`; port 0 asks the kernel for a free one. */
export const hostAndPort: Parse<Address> = (given) => {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(given);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host === undefined || port > 65_535
    ? bad('HOST:PORT is expected, such as 127.0.0.1:10254 or [::1]:10254 (0.0.0.0 is every address)')
    : good({ host, port });
};

/** A domain, as before the slash of an annotation, with or without a path behind it. */
export const qualifiedName: Parse<string> = (given) =>
  given.length <= 253 && /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?(\/[A-Za-z0-9._/-]+)?$/.test(given)
    ? good(given)
    : bad('a domain, with or without a path, is expected, such as k8s.io/ingress-nginx');

/** `''` stands for "none" or "all", as in ingress-nginx. */
export function optional<T>(parse: Parse<T>): Parse<T | null> {
  return (given) => (given === '' ? good(null) : parse(given));
}

/** IPs and DNS names, separated by commas. */
export const publishedAddresses: Parse<readonly string[]> = (given) => {
  const items = given.split(',').map((item) => item.trim());
  const plain = items.filter((item) => item !== '');
  return plain.every(
    (item) => item.length <= 253 && /^[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?$|^[0-9A-Fa-f:]+$/.test(item),
  )
    ? good([...new Set(plain)])
    : bad('IP addresses or DNS names, separated by commas, are expected');
};

/** As kubectl takes it; the API server judges it in full. */
export const labelSelector: Parse<string> = (given) =>
  given.length <= 1_000 && /^[A-Za-z0-9._/=!, ()-]+$/.test(given)
    ? good(given)
    : bad('a label selector such as team=shop,stage!=test is expected');

/** As the API server takes the value of a label. */
export const labelValue: Parse<string> = (given) =>
  /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/.test(given)
    ? good(given)
    : bad('up to 63 letters, digits, "-", "_" and "." are expected, a letter or digit at both ends');
