// Compacting etcd as `etcdctl compact` does, by the HTTP gateway of etcd itself.

/** All revisions but the last are gone when this resolves. */
export async function compactEtcd(url: string): Promise<void> {
  const key = Buffer.from('/').toString('base64');
  const { header } = (await post(`${url}/v3/kv/range`, { key })) as { header: { revision: string } };
  await post(`${url}/v3/kv/compaction`, { revision: header.revision, physical: true });
}

async function post(url: string, body: unknown): Promise<unknown> {
  const answer = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${text}`);
  return JSON.parse(text);
}
