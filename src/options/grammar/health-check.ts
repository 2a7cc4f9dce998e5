// What endpoints are asked by a check. It is written into requests of our own, so nothing may end a line of them.

import { bad, good, type Parse } from './parsed.ts';

export const checkPath: Parse<string> = (given) =>
  /^\/[!-~]{0,1023}$/.test(given)
    ? good(given)
    : bad('a path that starts with "/", of ASCII characters without spaces, is expected');

/** Value of a Host header. */
export const checkHost: Parse<string> = (given) =>
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?$/.test(given)
    ? good(given)
    : bad('a host, with or without a port, is expected, as in shop.example');

/** Name of a service as gRPC's health protocol has it. */
export const grpcService: Parse<string> = (given) =>
  /^[A-Za-z0-9._/-]{1,253}$/.test(given)
    ? good(given)
    : bad('a service of gRPC is expected, as in shop.v1.Orders');
