// `version`: ours, Node's, and what is known of the nginx that was named.

import { detectNginx } from '../nginx/detect/detect-nginx.ts';
import { DEFAULT_FLAGS, type Flags } from '../options/flags.ts';
import { type CommandContext, EXIT } from './command.ts';
import { PACKAGE } from './package.ts';

export async function version(flags: Flags, { stdout, stderr, env }: CommandContext): Promise<number> {
  stdout.write(`ingress-openresty ${PACKAGE.version}\nnode ${process.versions.node}\n`);
  const detected = await detectNginx({
    binary: flags.nginx,
    prefix: DEFAULT_FLAGS.prefix,
    luaFolder: PACKAGE.lua,
    documentsSize: flags.documentsSize,
    includeMain: [],
    includeHttp: [],
    path: env.PATH ?? '',
  });
  if (!('outcome' in detected)) {
    const { modules, http2Directive } = detected.runtime;
    stdout.write(`nginx ${detected.binary}\n`);
    stdout.write(`  Lua ${modules.length === 0 ? 'built in' : `from ${modules.join(', ')}`}\n`);
    stdout.write(`  HTTP/2 by ${http2Directive ? '"http2 on"' : '"listen … http2"'}\n`);
    return EXIT.ok;
  }
  // Only who named one wants to know that it is of no use.
  if (flags.nginx === DEFAULT_FLAGS.nginx) {
    stdout.write('nginx: none with Lua found (name one with --nginx)\n');
    return EXIT.ok;
  }
  stderr.write(`error: --nginx: ${detected.message}\n${detected.hint}\n`);
  return EXIT.faulty;
}
