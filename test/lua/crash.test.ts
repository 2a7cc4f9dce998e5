// A worker is killed while it applies a batch: what is in force afterwards is the old world or the new one, nothing
// between, nothing is lost of the room, and the same batch can be sent again.

import { afterEach, expect, test } from '@jest/globals';
import type { Document } from '../../src/model/document.ts';
import { eventually } from '../support/eventually.ts';
import { signal } from '../support/processes.ts';
import { at, backend, full, settings } from './support/documents.ts';
import { type Gateway, startGateway } from './support/gateway.ts';

let gateway: Gateway;
afterEach(() => gateway?.close());

// Each world shares all but one document with the next: one comes, one goes, one stays the same, the rest change.
const worldOf = (generation: number, count: number): readonly Document[] => [
  settings(),
  ...Array.from({ length: count }, (_, i) =>
    backend(`ns/service-${i + generation}/80`, `10.0.0.${generation}:80`),
  ),
];

// The worker that is asked `http://die.test/?at=flip&after=3` kills itself in its fourth call of that function.
const servers = `
  server {
    listen 127.0.0.1:{port};
    server_name die.test;
    location / {
      content_by_lua_block {
        local module = require("ingress.store." .. ngx.var.arg_module)
        local name, left = ngx.var.arg_at, tonumber(ngx.var.arg_after)
        local original = module[name]
        module[name] = function(...)
          left = left - 1
          if left < 0 then
            local ffi = require("ffi")
            ffi.cdef("int kill(int pid, int signal); int getpid(void);")
            ffi.C.kill(ffi.C.getpid(), 9)
          end
          return original(...)
        end
        ngx.say("armed")
      }
    }
    location = /unpublish {
      content_by_lua_block {
        local dict = ngx.shared.ingress_version
        dict:set("v", dict:get("v") - 1)
        ngx.say("done")
      }
    }
  }`;

async function expectWhole(count: number): Promise<number> {
  // any batch makes the next writer tidy up, also one that is refused
  expect((await gateway.post(full(at(0, 1), []))).code).toBe(409);
  const { status } = await gateway.get('?documents');
  const keys = ({ kind, id, digest }: { kind: string; id: string; digest: string }) =>
    `${kind}:${id} ${digest}`;
  expect(status.documents?.map(keys)).toEqual(worldOf(status.generation, count).map(keys).sort());
  return status.generation;
}

test.each([
  ['documents', 'stage', 0, 1],
  ['documents', 'stage', 10, 1],
  ['documents', 'flip', 0, 1],
  ['documents', 'flip', 10, 1],
  ['documents', 'flip', 20, 1],
  ['version', 'publish', 0, 1],
  ['version', 'publish', 1, 1],
  ['documents', 'delete_value', 0, 2],
  ['documents', 'delete_value', 10, 2],
  ['documents', 'delete_pointer', 0, 2],
])('killed in %s.%s after %d calls: generation %d is in force', async (module, name, after, generation) => {
  // room for two worlds, so what a dead writer left behind would be missed soon
  gateway = await startGateway({ workers: 1, documentsSize: '192k', servers });
  const size = 100;
  expect((await gateway.post(full(at(1, 1), worldOf(1, size)))).code).toBe(200);
  for (let round = 0; round < 3; round++) {
    const next = full(at(1, 2), worldOf(2, size));
    await gateway.ask('die.test', `/?module=${module}&at=${name}&after=${after}`);
    await expect(gateway.post(next)).rejects.toThrow();
    await eventually('a worker answers', () => gateway.get());
    expect(await expectWhole(size)).toBe(generation);
    if (generation === 2) break;
  }
  const again = await gateway.post(full(at(1, 2), worldOf(2, size)));
  expect(again).toMatchObject({ code: 200, status: { applied: generation === 1, generation: 2 } });
  await expectWhole(size);
  expect((await gateway.post(full(at(1, 3), worldOf(3, size)))).code).toBe(200);
  await expectWhole(size);
});

test('killed between the version that is in force and its publication: the next look completes it', async () => {
  gateway = await startGateway({ workers: 2, servers });
  await gateway.post(full(at(1, 1), worldOf(1, 10)));
  await gateway.ask('die.test', '/unpublish');
  await eventually('all workers adopted', async () => {
    const { status } = await gateway.get();
    return status.workers.length === 2 && status.workers.every((worker) => worker.generation === 1);
  });
});

test('SIGKILL at any moment', async () => {
  const size = 4000;
  gateway = await startGateway({ workers: 1, documentsSize: '5m' });
  expect((await gateway.post(full(at(1, 1), worldOf(1, size)))).code).toBe(200);
  let interrupted = 0;
  for (let generation = 2; generation < 10; generation++) {
    const next = full(at(1, generation), worldOf(generation, size));
    const [worker = 0] = await gateway.workers();
    const posted = gateway.post(next).then(
      () => false,
      () => true,
    );
    await new Promise((done) => setTimeout(done, generation * 18));
    signal(worker, 'SIGKILL');
    if (await posted) interrupted += 1;
    await eventually('a worker answers', () => gateway.get());
    await expectWhole(size);
    expect((await gateway.post(next)).code).toBe(200);
  }
  expect(interrupted).toBeGreaterThan(0);
}, 60_000);
