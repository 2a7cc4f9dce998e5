// JSON with one spelling for one value: keys sorted by code unit, no spaces, absent fields left out. Equal values
// give equal bytes, so digests can stand for values.

export function canonicalJson(value: unknown): string {
  const parts: string[] = [];
  write(value, parts);
  // One flat text: a sum of many small ones would be kept as such, and take many times the room.
  return parts.join('');
}

function write(value: unknown, parts: string[]): void {
  if (Array.isArray(value)) {
    parts.push('[');
    for (const [index, item] of value.entries()) {
      if (index > 0) parts.push(',');
      write(item, parts);
    }
    parts.push(']');
  } else if (value !== null && typeof value === 'object') {
    const fields = value as Readonly<Record<string, unknown>>;
    let before = '{';
    for (const name of Object.keys(fields).sort()) {
      const field = fields[name];
      if (field === undefined) continue;
      parts.push(before, JSON.stringify(name), ':');
      write(field, parts);
      before = ',';
    }
    parts.push(before === '{' ? '{}' : '}');
  } else {
    const text = JSON.stringify(value);
    if (text === undefined) throw new TypeError(`no JSON for a ${typeof value}`);
    parts.push(text);
  }
}
