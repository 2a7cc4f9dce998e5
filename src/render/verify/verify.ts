// The check of what was rendered: the finished text is read again and its tree of directives compared with the one
// that was meant. It stands behind the typed helpers: if ever one let something through, it ends here.

import type { Runtime } from '../../model/runtime.ts';
import { luaPathOf } from '../view/main.ts';
import type { ServerView } from '../view/server.ts';
import { type Directive, readDirectives } from './read-directives.ts';
import { isForbidden, OUR_DIRECTIVES, OUR_INIT, OUR_LUA } from './vocabulary.ts';
import { SyntaxProblem } from './words.ts';

export interface Problem {
  /** 1-based, in the rendered file. */
  readonly line: number;
  readonly message: string;
}

export interface Intention {
  readonly hosts: readonly ServerView[];
  readonly runtime: Pick<
    Runtime,
    'modules' | 'includeMain' | 'includeHttp' | 'luaFolder' | 'luaPath' | 'luaCpath'
  >;
  /** Templates of an operator: only what is forbidden counts, beside the hosts. */
  readonly overridden: boolean;
}

/** Servers of our own: default, 404, 503, control. */
const OWN_SERVERS = 4;

/** At most ten problems; none for a good file. */
export function verifyFile(text: string, intention: Intention): readonly Problem[] {
  const problems: Problem[] = [];
  const report = (offset: number, message: string): void => {
    if (problems.length < 10) problems.push({ line: lineOf(text, offset), message });
  };
  try {
    const directives = readDirectives(text);
    checkBlock('main', directives, intention, report);
    checkHosts(directives, intention, report);
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    report(error.offset, error.message);
  }
  return problems;
}

type Report = (offset: number, message: string) => void;

function checkBlock(
  block: string,
  directives: readonly Directive[],
  intention: Intention,
  report: Report,
): void {
  for (const directive of directives) {
    const { name, children, lua, offset } = directive;
    if (!isAllowed(block, directive, intention)) report(offset, `"${name}" is not allowed in ${block}`);
    if (lua !== null && !OUR_LUA.has(lua) && !(name === 'init_by_lua_block' && OUR_INIT.test(lua))) {
      report(offset, `${name} has code that is not ours`);
    }
    if (children !== null) checkBlock(name, children, intention, report);
  }
}

function isAllowed(block: string, { name, args }: Directive, { runtime, overridden }: Intention): boolean {
  const [first = ''] = args;
  if (name === 'load_module') return block === 'main' && args.length === 1 && runtime.modules.includes(first);
  if (name === 'include') {
    const files = block === 'main' ? runtime.includeMain : block === 'http' ? runtime.includeHttp : [];
    return args.length === 1 && files.includes(first);
  }
  // Whoever names the folders of modules says what `require("ingress")` runs.
  if (name === 'lua_package_path') return args.length === 1 && first === searchPath(luaPathOf(runtime));
  if (name === 'lua_package_cpath') return args.length === 1 && first === searchPath(runtime.luaCpath);
  if (isForbidden(name)) return false;
  return overridden || (OUR_DIRECTIVES[block]?.has(name) ?? false);
}

/** As Lua writes it; the empty entry at the end is the default path. */
function searchPath(entries: readonly string[]): string {
  return `${entries.map((entry) => `${entry};`).join('')};`;
}

function checkHosts(
  directives: readonly Directive[],
  { hosts, overridden }: Intention,
  report: Report,
): void {
  const http = directives.find(({ name }) => name === 'http');
  const servers = (http?.children ?? []).filter(
    ({ name, children }) => name === 'server' && children !== null,
  );
  if (!overridden && servers.length !== hosts.length + OWN_SERVERS) {
    report(0, `${servers.length} servers where ${hosts.length + OWN_SERVERS} were meant`);
  }
  const byName = new Map<string, Directive[]>();
  for (const server of servers) {
    for (const { args } of (server.children ?? []).filter(({ name }) => name === 'server_name')) {
      for (const name of args) byName.set(name, [...(byName.get(name) ?? []), server]);
    }
  }
  for (const host of hosts) {
    const [server, ...more] = byName.get(host.host) ?? [];
    if (server === undefined) report(0, `host ${host.host} has no server`);
    else if (more.length > 0) report(server.offset, `host ${host.host} has ${more.length + 1} servers`);
    else checkLocations(host, server, overridden, report);
  }
}

function checkLocations(host: ServerView, server: Directive, overridden: boolean, report: Report): void {
  const found = (server.children ?? []).filter(({ name }) => name === 'location').map(placeOf);
  const meant = host.locations.map(
    ({ exact, path, key, target }) => `${exact ? '= ' : ''}${path} → ${key} → ${target}`,
  );
  if (host.notFound) meant.push('/ →  → ');
  const missing = meant.filter((place) => !found.includes(place));
  if (missing.length > 0) report(server.offset, `host ${host.host} lacks the location ${missing[0]}`);
  if (!overridden && found.length !== meant.length) {
    report(server.offset, `host ${host.host} has ${found.length} locations where ${meant.length} were meant`);
  }
}

/** `= /path → route key → upstream`, as it is compared. */
function placeOf({ args, children }: Directive): string {
  const valueSet = (variable: string): string =>
    children?.find(({ name, args: [first] }) => name === 'set' && first === variable)?.args[1] ?? '';
  const pass = children?.find(({ name }) => /^(?:proxy|grpc|fastcgi)_pass$/.test(name))?.args[0] ?? '';
  const target = pass.replace(/\$shard$/, () => valueSet('$shard'));
  return `${args.join(' ')} → ${valueSet('$route')} → ${target}`;
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
