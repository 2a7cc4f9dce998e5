// What our grammar of patterns lets through, both regular expression engines compile: that of ngx_lua, which matches,
// and that of nginx, whose semantics they are to have.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { pathPattern } from '../../src/options/grammar/path-pattern.ts';
import { type Backend, startBackend } from '../support/backend.ts';
import { at, backend, full, route, settings } from './support/documents.ts';
import { type Gateway, startGateway } from './support/gateway.ts';
import { regexHost } from './support/regex-world.ts';

const FRAGMENTS =
  'a b c d / - . \\. \\/ \\- \\w \\d \\S \\h \\b \\A \\z \\Z \\x41 \\1 \\2 ^ $ | ( ) (?: (?= (?! (?<= (?<! (?> (?<n> (?P<m> (?i) (?s-i: * + ? *? ++ {2} {1,3} {2,} {3}? { } {id} {, , [ ] [^ [a-z] [^/]+ []x] [\\w-] [a-] [[:alpha:]] [^[:digit:]_] [\\]x] [\\x41-Z] z] é " # % ; \' (a|b)*'.split(
    ' ',
  );
/** Few random texts are patterns, so most of these are joined from parts that are. */
const PARTS =
  'a /b \\.php (.*) (/|$) [a-z]+ [^/]* (?:x|yy) (?<w>\\d{2,4}) \\d+? (?i)Q (?!z) (?<!ab) ((c)d)+ e{3} $ [[:xdigit:]]{8} (?>ab|a) [-_.~] \\$ (a|b|)'.split(
    ' ',
  );

const patterns = [
  ...fc.sample(fc.array(fc.constantFrom(...FRAGMENTS, ' '), { maxLength: 8 }), {
    numRuns: 3000,
  }),
  ...fc.sample(fc.array(fc.constantFrom(...PARTS), { maxLength: 7 }), { numRuns: 400 }),
]
  .map((parts) => `/${parts.join('')}`)
  .filter((text) => pathPattern(text).ok);

let gateway: Gateway;
let upstream: Backend;

beforeAll(async () => {
  upstream = await startBackend({ name: 'upstream' });
  const quoted = (text: string) => `"^${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  const locations = patterns.map((text) => `location ~* ${quoted(text)} { return 204; }`);
  // nginx does not start with a pattern that it cannot compile.
  gateway = await startGateway({
    documentsSize: '16m',
    servers: `server { listen 127.0.0.1:{port}; server_name static.test; ${locations.join('\n')} }`,
  });
  const answer = await gateway.post(
    full(at(1, 1), [
      settings(),
      backend('b', upstream.endpoint),
      route('r', 'b'),
      ...patterns.map((text, i) => regexHost(`h${i}.test`, [[text, 'r']])),
    ]),
  );
  expect(answer.code).toBe(200);
}, 60_000);

afterAll(async () => {
  await gateway?.close();
  await upstream?.close();
});

test(`each of ${patterns.length} patterns is compiled and takes what begins as its literal says, or is not there`, async () => {
  expect(patterns.length).toBeGreaterThan(700);
  const URIS = ['/', '/a', '/ab/c', '/aa.php', '/B/x', '/-12'];
  for (const [i, text] of patterns.entries()) {
    const reading = pathPattern(text);
    const { literal, plain } = reading.ok ? reading.value : { literal: '', plain: false };
    const uri = URIS[i % URIS.length] ?? '/';
    const { status } = await gateway.ask(`h${i}.test`, uri);
    const begins = uri.toLowerCase().startsWith(literal);
    expect([text, status]).toEqual([text, plain ? (begins ? 200 : 404) : begins ? status : 404]);
    expect([200, 404]).toContain(status);
  }
  expect(await gateway.errorLog()).not.toContain('cannot be matched');
}, 60_000);
