// Reading an HTTP/1.x answer from a socket: head, then a body by length, by chunks or until the end.

export type Head = {
  readonly status: number;
  readonly version: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly rawHeaders: readonly (readonly [string, string])[];
  /** Bytes that arrived after the head. */
  readonly rest: Buffer;
};

const maxHead = 256 << 10;

export async function readHead(incoming: AsyncIterator<Buffer>, already: Buffer): Promise<Head> {
  let buffer = already;
  for (;;) {
    const end = buffer.indexOf('\r\n\r\n');
    if (end >= 0) return parseHead(buffer.toString('latin1', 0, end), buffer.subarray(end + 4));
    if (buffer.length > maxHead) throw new Error('the head of the answer does not end');
    const more = await incoming.next();
    if (more.done === true) throw new Error(`closed before the head was whole, after ${buffer.length} bytes`);
    buffer = Buffer.concat([buffer, more.value]);
  }
}

/** The whole body; rejects when the connection closes before its announced end. */
export async function readBody(
  head: Head,
  incoming: AsyncIterator<Buffer>,
  noBody: boolean,
): Promise<Buffer> {
  if (noBody || head.status === 204 || head.status === 304 || head.status === 101) return Buffer.alloc(0);
  const chunked = /chunked/i.test(head.headers['transfer-encoding'] ?? '');
  const length = head.headers['content-length'];
  if (!chunked && length !== undefined) return readLength(head.rest, incoming, Number(length));
  const all = await readToEnd(head.rest, incoming);
  return chunked ? joinChunks(all) : all;
}

function parseHead(text: string, rest: Buffer): Head {
  const [first = '', ...lines] = text.split('\r\n');
  const match = /^HTTP\/(\d\.\d) (\d{3})/.exec(first);
  if (match === null) throw new Error(`not an HTTP answer: ${JSON.stringify(first.slice(0, 100))}`);
  const rawHeaders = lines.map((line): readonly [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const headers: Record<string, string> = {};
  for (const [name, value] of rawHeaders) {
    const key = name.toLowerCase();
    headers[key] = headers[key] === undefined ? value : `${headers[key]}, ${value}`;
  }
  return { status: Number(match[2]), version: match[1] ?? '', headers, rawHeaders, rest };
}

async function readLength(first: Buffer, incoming: AsyncIterator<Buffer>, length: number): Promise<Buffer> {
  const parts = [first];
  let have = first.length;
  while (have < length) {
    const more = await incoming.next();
    if (more.done === true) throw new Error(`closed after ${have} of ${length} bytes`);
    parts.push(more.value);
    have += more.value.length;
  }
  return Buffer.concat(parts).subarray(0, length);
}

async function readToEnd(first: Buffer, incoming: AsyncIterator<Buffer>): Promise<Buffer> {
  const parts = [first];
  for (let more = await incoming.next(); more.done !== true; more = await incoming.next())
    parts.push(more.value);
  return Buffer.concat(parts);
}

function joinChunks(all: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const end = all.indexOf('\r\n', at);
    const size = Number.parseInt(all.toString('latin1', at, end), 16);
    if (end < 0 || Number.isNaN(size)) throw new Error('closed before the last chunk');
    if (size === 0) return Buffer.concat(parts);
    if (end + 2 + size > all.length) throw new Error('closed within a chunk');
    parts.push(all.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}
