// As much of DER (X.690) as OCSP needs. Reading throws RangeError at the first byte that is out of place; whoever reads
// what came over the network catches that and calls it malformed.

export interface DerNode {
  readonly tag: number;
  /** Tag and length included. */
  readonly whole: Buffer;
  readonly content: Buffer;
}

export const TAG = {
  integer: 0x02,
  bits: 0x03,
  bytes: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  time: 0x18,
  sequence: 0x30,
} as const;

/** Tag of `[number] EXPLICIT`, or of an implicit one that is itself a sequence. */
export function contextTag(number: number): number {
  return 0xa0 + number;
}

/** One value and nothing behind it. */
export function readDer(bytes: Buffer): DerNode {
  const node = readAt(bytes, 0);
  if (node.whole.length !== bytes.length) throw new RangeError('bytes behind the value');
  return node;
}

/** What a constructed value holds. */
export function childrenOf(node: DerNode, tag: number): readonly DerNode[] {
  expectTag(node, tag);
  const children: DerNode[] = [];
  for (let at = 0; at < node.content.length; ) {
    const child = readAt(node.content, at);
    children.push(child);
    at += child.whole.length;
  }
  return children;
}

/** The only child of an EXPLICIT tag. */
export function insideOf(node: DerNode, tag: number): DerNode {
  const [child, ...rest] = childrenOf(node, tag);
  if (child === undefined || rest.length > 0) throw new RangeError('one value expected');
  return child;
}

export function expectTag(node: DerNode | undefined, tag: number): DerNode {
  if (node?.tag !== tag) throw new RangeError(`tag ${tag} expected`);
  return node;
}

/** Bits of a BIT STRING of whole bytes. */
export function bitsOf(node: DerNode | undefined): Buffer {
  const { content } = expectTag(node, TAG.bits);
  if (content[0] !== 0) throw new RangeError('whole bytes expected');
  return content.subarray(1);
}

/** GeneralizedTime in the one form that X.509 allows, as milliseconds since 1970. */
export function timeOf(node: DerNode | undefined): number {
  const text = expectTag(node, TAG.time).content.toString('latin1');
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (match === null) throw new RangeError('a time expected');
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

export function writeDer(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const digits = Buffer.from(
    length.toString(16).padStart(length > 0xffff ? 6 : length > 0xff ? 4 : 2, '0'),
    'hex',
  );
  return Buffer.concat([Buffer.from([tag, 0x80 + digits.length]), digits, content]);
}

function readAt(bytes: Buffer, at: number): DerNode {
  const tag = bytes[at];
  const first = bytes[at + 1];
  // Tags of several bytes do not occur.
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) throw new RangeError('no value');
  const digits = first < 0x80 ? 0 : first - 0x80;
  if (digits > 3 || first === 0x80 || at + 2 + digits > bytes.length) throw new RangeError('no length');
  const length = digits === 0 ? first : bytes.readUIntBE(at + 2, digits);
  const start = at + 2 + digits;
  if (start + length > bytes.length) throw new RangeError('cut off');
  return { tag, whole: bytes.subarray(at, start + length), content: bytes.subarray(start, start + length) };
}
