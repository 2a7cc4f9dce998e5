// The second reading of a rendered file: nginx's syntax, and what it refuses.
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Directive, readDirectives } from '../../../src/render/verify/read-directives.ts';
import { verifyFile } from '../../../src/render/verify/verify.ts';
import type { LocationView, ServerView } from '../../../src/render/view/server.ts';

/** Names and arguments alone, nested. */
function shape(directives: readonly Directive[]): unknown {
  return directives.map(({ name, args, children, lua }) => {
    if (lua !== null) return [name, ...args, { lua }];
    return children === null ? [name, ...args] : [name, ...args, shape(children)];
  });
}

test.each([
  ['a b c;', [['a', 'b', 'c']]],
  ['a "b;{}#" \'c d\';', [['a', 'b;{}#', 'c d']]],
  ['a b#c; # d;\ne;', [['a', 'b#c'], ['e']]],
  ['a x}y;', [['a', 'x}y']]],
  ['a $\x7bx}y;', [['a', '$\x7bx}y']]],
  ['a "\\"\\\\\\$\\s";', [['a', '"\\\\$\\s']]],
  ['a b\\;c\\ d;', [['a', 'b\\;c\\ d']]],
  ['a { b; c { d; } }', [['a', [['b'], ['c', [['d']]]]]]],
  ['map $a $b { default x; y z; }', [['map', '$a', '$b', []]]],
  [
    'x_by_lua_block { f("}") --[[ } ]] --} \n g([==[ } ]==]) { } }',
    [['x_by_lua_block', { lua: 'f("}") --[[ } ]] --} \n g([==[ } ]==]) { }' }]],
  ],
  ['set_by_lua_block $x { return 1 }', [['set_by_lua_block', '$x', { lua: 'return 1' }]]],
])('reads %j', (text, tree) => {
  expect(shape(readDirectives(text))).toEqual(tree);
});

test.each([
  'a',
  'a {',
  'a { b; ',
  '}',
  'a; }',
  'a "b',
  'a "b"c;',
  ';',
  '{ a; }',
  'a } ;',
  'x_by_lua_block { "',
  'x_by_lua_block { [[ }',
])('refuses %j', (text) => {
  expect(() => readDirectives(text)).toThrow();
});

test('reading ends, whatever the text', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'ab ;{}"\'\\#$\n[]=-'.split('')), maxLength: 40 }),
      (text) => {
        try {
          readDirectives(text);
        } catch (error) {
          expect((error as Error).name).toBe('SyntaxProblem');
        }
      },
    ),
    { numRuns: 3000 },
  );
});

const runtime = {
  modules: ['/m.so'],
  includeMain: ['/op.conf'],
  includeHttp: [],
  luaFolder: '/lua',
  luaPath: ['/usr/?.lua'],
  luaCpath: ['/usr/?.so'],
};
const host: ServerView = {
  host: 'a.example',
  listenPlain: [],
  listenTls: [],
  http2Parameter: false,
  tls: false,
  locations: [],
  notFound: true,
};
const own = 'server { return 404; } '.repeat(4);
const server = 'server { server_name a.example; location / { return 404; } }';

function problems(text: string, overridden = false): readonly string[] {
  return verifyFile(text, { hosts: [host], runtime, overridden }).map(({ message }) => message);
}

test('a file that is as meant has no problem', () => {
  const lua = `lua_package_path "/lua/?.lua;/lua/?/init.lua;/usr/?.lua;;"; lua_package_cpath "/usr/?.so;;";`;
  expect(problems(`load_module /m.so; include /op.conf; http { ${lua} ${own}${server} }`)).toEqual([]);
});

test.each([
  ['load_module /evil.so;', '"load_module" is not allowed in main'],
  ['include /etc/passwd;', '"include" is not allowed in main'],
  ['http { lua_package_path "/evil/?.lua;;"; }', '"lua_package_path" is not allowed in http'],
  ['http { lua_package_cpath "/evil/?.so;;"; }', '"lua_package_cpath" is not allowed in http'],
  ['user root;', '"user" is not allowed in main'],
  ['env X;', '"env" is not allowed in main'],
  ['ssl_engine x;', '"ssl_engine" is not allowed in main'],
  ['http { perl_set $x y; }', '"perl_set" is not allowed in http'],
  ['http { js_import x; }', '"js_import" is not allowed in http'],
  ['http { server { root /; } }', '"root" is not allowed in server'],
  ['http { server { location /x { alias /; } } }', '"alias" is not allowed in location'],
  ['http { server { content_by_lua_file x; } }', '"content_by_lua_file" is not allowed in server'],
  ['http { init_by_lua_block { os.execute("x") } }', 'init_by_lua_block has code that is not ours'],
])('%s is refused, also in an override', (text, message) => {
  expect(problems(text, true)).toContain(message);
  expect(problems(text)).toContain(message);
});

test('an override may say more, but not about other hosts than those that were meant', () => {
  const text = `http { gzip on; ${own}${server} server { server_name b.example; } }`;
  expect(problems(text, true)).toEqual([]);
  expect(problems(text)).toHaveLength(2);
});

test.each([
  [`http { ${own} server { return 404; } }`, 'host a.example has no server'],
  [`http { ${own} ${server} ${server} }`, 'host a.example has 2 servers'],
  [`http { ${own} server { server_name a.example; } }`, 'host a.example lacks the location / →  → '],
  [
    `http { ${own} server { server_name a.example; location / { return 404; } location /x { return 404; } } }`,
    'host a.example has 2 locations where 1 were meant',
  ],
])('%s', (text, message) => {
  expect(problems(text)).toContain(message);
});

test('a location that passes to another block, or speaks otherwise than meant, is missing', () => {
  const place = { exact: false, path: '/', key: 'k', target: 'https://https_1' } as LocationView;
  const meant = { ...host, locations: [place], notFound: false };
  const found = (directives: string): number =>
    verifyFile(
      `http { ${own} server { server_name a.example; location / { set $route k; ${directives} } } }`,
      {
        hosts: [meant],
        runtime,
        overridden: false,
      },
    ).length;
  expect(found('set $shard https_1; proxy_pass https://$shard;')).toBe(0);
  expect(found('set $shard https_2; proxy_pass https://$shard;')).toBe(1);
  expect(found('proxy_pass https://$shard;')).toBe(1);
  expect(found('set $shard https_1; proxy_pass http://$shard;')).toBe(1);
  expect(found('set $shard https_1; grpc_pass grpcs://$shard;')).toBe(1);
});
