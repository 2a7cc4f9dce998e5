// What a request is hashed by, from the parts of a document.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Gateway, startGateway } from './support/gateway.ts';

let gateway: Gateway;

beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(async () => {
  await gateway?.close();
});

const text = async (parts: string) => {
  const [found] = await gateway.run<readonly (string | false)[]>(`
    ngx.req.set_header("X-User", "ann")
    ngx.req.set_header("X-Empty", "")
    return { require("ingress.hash_key").text({ ${parts} }) or false }`);
  return found;
};

test('texts and variables, one behind the other', async () => {
  expect(await text('"$http_x_user"')).toBe('ann');
  expect(await text('"a-", "$http_x_user", "-", "$request_method"')).toBe('a-ann-POST');
  expect(await text('"$http_x_user", "$http_x_none"')).toBe('ann');
});

test('variables without any value are nothing; a text alone is one', async () => {
  expect(await text('"$http_x_none"')).toBe(false);
  expect(await text('"$http_x_empty", "-x"')).toBe(false);
  expect(await text('"$no_such_variable"')).toBe(false);
  expect(await text('')).toBe(false);
  expect(await text('"all"')).toBe('all');
});

test('as numbers: one text, one number of 32 bits', async () => {
  const [ann, same, bob, none] = await gateway.run<readonly (number | string)[]>(`
    local of = require("ingress.hash_key").of
    local hash = require("ingress.balancer.hash").of
    ngx.req.set_header("X-User", "ann")
    local ann = of({ "$http_x_user" })
    ngx.req.set_header("X-User", "bob")
    return { ann, hash("ann"), of({ "$http_x_user" }), tostring(of({ "$http_x_none" })) }`);
  expect(ann).toBe(same);
  expect(bob).not.toBe(ann);
  expect(Number.isInteger(bob)).toBe(true);
  expect(none).toBe('nil');
});
