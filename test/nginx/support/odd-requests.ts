// Requests as nobody sends them but everybody may: hosts and paths in every form that HTTP allows, and some more.
import fc from 'fast-check';
import type { RawRequest } from '../../support/http-client.ts';

export type OddRequest = {
  readonly tls: boolean;
  readonly servername: string;
  readonly request: Pick<RawRequest, 'method' | 'target' | 'version' | 'host' | 'headers' | 'body'>;
};

export type Vocabulary = {
  readonly hosts: readonly string[];
  readonly segments: readonly string[];
  /** Hosts with paths that they have, so that not nearly everything is 404. */
  readonly places: readonly (readonly [host: string, path: string])[];
};

export function oddRequest({ hosts, segments, places }: Vocabulary): fc.Arbitrary<OddRequest> {
  const name = fc.constantFrom(...hosts);
  const host = fc.oneof(
    { weight: 12, arbitrary: name },
    { weight: 4, arbitrary: oddHost(name) },
    { weight: 1, arbitrary: fc.constant(null) },
  );
  const target = fc.oneof(
    { weight: 12, arbitrary: originForm(segments) },
    { weight: 2, arbitrary: absoluteForm(fc.oneof(name, oddHost(name)), segments) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '*',
        '',
        '?',
        '/?',
        '//',
        '/..',
        '/.',
        '/%',
        '/%zz',
        '/%00',
        'x',
        '/#',
        '/\\',
      ),
    },
  );
  const anywhere = fc.record({ host, target });
  const somewhere = fc
    .tuple(fc.constantFrom(...places), fc.constantFrom(...ENDS))
    .map(([[known, path], end]) => ({ host: known, target: end(path) }));
  const place = fc.oneof({ weight: 3, arbitrary: anywhere }, { weight: 2, arbitrary: somewhere });
  const body = fc.option(fc.constantFrom(0, 10, 1000, 1500, 5000), { nil: null, freq: 6 });
  const canary = fc.option(fc.constantFrom('always', 'never', 'other'), { nil: null, freq: 4 });
  return fc
    .record({
      // A handshake costs more than all the rest.
      tls: fc.constantFrom(false, false, false, false, true),
      sni: fc.option(name, { nil: null, freq: 3 }),
      place,
      body,
      canary,
      chunked: fc.boolean(),
      old: fc.boolean(),
    })
    .map(({ tls, sni, place: { host: asked, target: at }, body: size, canary: header, chunked, old }) => ({
      tls,
      // Mostly the name that is asked for; sometimes another one, as with a reused connection.
      servername: sni ?? asked?.replace(/:\d*$/, '') ?? '',
      request: {
        version: old && !chunked && asked === null ? '1.0' : '1.1',
        host: asked,
        target: at,
        ...bodyOf(size, chunked),
        headers: {
          ...(header === null ? {} : { 'X-Canary': header }),
          ...(size !== null && chunked ? { 'Transfer-Encoding': 'chunked' } : {}),
        },
      },
    }));
}

/** What is done to a path that is there. */
const ENDS: readonly ((path: string) => string)[] = [
  (path) => path,
  (path) => `${path.replace(/\/$/, '')}/`,
  (path) => path.replace(/(?<=.)\/$/, ''),
  (path) => `${path.replace(/(?<=.)\/$/, '')}?a=b&c=%2F`,
  (path) => `${path.replace(/\/$/, '')}/more`,
  (path) => `${path}x`,
  (path) => `/${path}`,
  (path) => `/other/..${path}`,
  (path) => `${path}%2F`,
];

function bodyOf(size: number | null, chunked: boolean): Pick<RawRequest, 'method' | 'body'> {
  if (size === null) return { method: 'GET' };
  const text = 'b'.repeat(size);
  if (!chunked) return { method: 'POST', body: text };
  const chunk = size === 0 ? '' : `${size.toString(16)}\r\n${text}\r\n`;
  return { method: 'POST', body: `${chunk}0\r\n\r\n` };
}

function oddHost(name: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.oneof(
    name.map((text) => `${text}:8080`),
    name.map((text) => `${text}:`),
    name.map((text) => text.toUpperCase()),
    name.map((text) => `${text}.`),
    name.map((text) => `${text}..`),
    name.map((text) => `.${text}`),
    name.map((text) => `www.${text}`),
    name.map((text) => `${text}.:443`),
    name.map((text) => text.slice(text.indexOf('.') + 1)),
    fc.constantFrom(
      'unknown.test',
      'localhost',
      '127.0.0.1',
      '[::1]',
      '[::1]:80',
      '_',
      '*',
      '',
      ' ',
      'a b',
      'x_y.example',
      `${'a'.repeat(300)}.example`,
      'shop.example/x',
      'shop.example, root.example',
      'shop.example@root.example',
      'müller.example',
    ),
  );
}

function originForm(segments: readonly string[]): fc.Arbitrary<string> {
  const segment = fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...segments) },
    { weight: 3, arbitrary: fc.constantFrom(...segments).chain(oddSegment) },
    {
      weight: 3,
      arbitrary: fc.constantFrom(
        '',
        '.',
        '..',
        '%2e',
        '%2E%2e',
        '...',
        'other',
        'a%20b',
        '%41',
        ';x=1',
        '~',
        '%C3%BC',
        '%25',
        '%3F',
        '%23',
        '+',
        ':',
        '%5C',
      ),
    },
  );
  const query = fc.oneof(
    { weight: 6, arbitrary: fc.constant('') },
    { weight: 1, arbitrary: fc.constantFrom('?', '?a=b', '?a=%2F../..', '?/api/v1', '??', '#x', '?a#b') },
  );
  return fc
    .tuple(fc.array(segment, { minLength: 0, maxLength: 5 }), fc.boolean(), query)
    .map(([parts, slash, end]) => `/${parts.join('/')}${slash && parts.length > 0 ? '/' : ''}${end}`);
}

function oddSegment(text: string): fc.Arbitrary<string> {
  return fc.constantFrom(
    text.toUpperCase(),
    `${text}x`,
    text.slice(0, -1),
    `%${text.charCodeAt(0).toString(16)}${text.slice(1)}`,
    `${text}%2F`,
    `%2f${text}`,
    `${text}%2Fv1`,
    `${text}//`,
    `${text}/.`,
    `${text}/..`,
    `${text}%00`,
    `${text}.`,
    `${text}?`,
  );
}

function absoluteForm(host: fc.Arbitrary<string>, segments: readonly string[]): fc.Arbitrary<string> {
  return fc
    .tuple(
      fc.constantFrom('http', 'https', 'HTTP', 'ftp'),
      host,
      fc.oneof(originForm(segments), fc.constant('')),
    )
    .map(([scheme, name, path]) => `${scheme}://${name}${path}`);
}
