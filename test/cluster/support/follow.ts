// All objects of one kind, kept up to date through whatever befalls the API server: list, watch, and over again.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Api, Thing } from './api.ts';

export type Follower = {
  /** Called with the object, `gone` when it is no more. One call at a time for each event; must not throw. */
  readonly onObject: (object: Thing, gone: boolean) => void;
};

/** Until `signal`; never throws. @param path of the collection, `/api/v1/pods`. */
export async function follow(
  api: Api,
  path: string,
  signal: AbortSignal,
  { onObject }: Follower,
): Promise<void> {
  let known = new Map<string, Thing>();
  while (!signal.aborted) {
    try {
      const list = await api.call('GET', path);
      const now = new Map<string, Thing>((list.items as Thing[]).map((item) => [item.metadata.uid, item]));
      for (const [uid, item] of known) if (!now.has(uid)) onObject(item, true);
      known = now;
      for (const item of now.values()) onObject(item, false);
      const from = `${path}?watch=1&timeoutSeconds=600&resourceVersion=${list.metadata.resourceVersion}`;
      for await (const { type, object } of api.watch(from, signal)) {
        if (type === 'ERROR') break;
        if (type === 'BOOKMARK') continue;
        if (type === 'DELETED') known.delete(object.metadata.uid);
        else known.set(object.metadata.uid, object);
        onObject(object, type === 'DELETED');
      }
    } catch {
      // The API server is away: that is what these tests do to it.
    }
    await sleep(100, undefined, { signal }).catch(() => undefined);
  }
}
