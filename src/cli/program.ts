// The command line: made from the table of flags, parsed by commander, and answered with an exit code.

import { CommanderError, InvalidArgumentError, Option, Command as Parser } from 'commander';
import {
  type CommandName,
  DEFAULT_FLAGS,
  FLAG_GROUPS,
  FLAGS,
  type FlagKey,
  type Flags,
} from '../options/flags.ts';
import { COMMANDS, type CommandContext, EXIT } from './command.ts';
import { COMMAND_HELP, PROGRAM_HELP, SWITCHES } from './help.ts';
import { PACKAGE } from './package.ts';

/** @param args without the program's name. */
export async function runProgram(args: readonly string[], context: CommandContext): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = createProgram(context, async (name, flags) => {
    const fault = usageFault(name, flags);
    if (fault === null) {
      const command = await COMMANDS[name]();
      exitCode = await command(flags, context);
    } else {
      context.stderr.write(fault);
      exitCode = EXIT.usage;
    }
  });
  if (args.length === 0) {
    context.stderr.write(program.helpInformation());
    context.stderr.write(PROGRAM_HELP.examples);
    return EXIT.usage;
  }
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  return exitCode;
}

type Act = (name: CommandName, flags: Flags) => Promise<void>;

function createProgram(context: CommandContext, act: Act): Parser {
  const program = new Parser('ingress-openresty')
    .description(PROGRAM_HELP.summary)
    .version(PACKAGE.version, '-V, --version', 'Print the version.')
    .helpOption('-h, --help', 'Print this help; after a command, that of the command.')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
    })
    .configureHelp({
      subcommandTerm: (command) => command.name(),
      optionTerm: (option) => option.flags.replace(/ \[.*\]$/, '').replace(/[<>]/g, ''),
      optionDescription: (option) => option.description,
    })
    .addHelpText('after', PROGRAM_HELP.examples);
  for (const name of Object.keys(COMMANDS) as CommandName[]) addCommand(program, name, act);
  return program;
}

function addCommand(program: Parser, name: CommandName, act: Act): void {
  const { summary, examples } = COMMAND_HELP[name];
  const command = program
    .command(name)
    .summary(summary.split('\n')[0] ?? '')
    .description(summary)
    .usage('[flags]')
    .allowExcessArguments(false)
    .showHelpAfterError(`(ingress-openresty ${name} --help explains every flag)`)
    .addHelpText('after', `${examples}\n${SWITCHES}`)
    .action(async (options: Partial<Flags>) => act(name, { ...DEFAULT_FLAGS, ...options }));
  for (const [heading, keys] of Object.entries(FLAG_GROUPS)) {
    for (const key of keys) {
      if (FLAGS[key].commands.includes(name)) command.addOption(createOption(key).helpGroup(`${heading}:`));
    }
  }
}

function createOption(key: FlagKey): Option {
  const flag = FLAGS[key];
  const short = flag.short === undefined ? '' : `${flag.short}, `;
  const value = flag.value === null ? '[true|false]' : `<${flag.value}>`;
  const isPlain = flag.shownDefault === '' || (flag.value === null && flag.shownDefault === 'false');
  const shown = isPlain ? '' : ` (default: ${flag.shownDefault})`;
  // Each declaration's parser and default agree on one type, which this loop over all of them cannot name.
  const parse = flag.parse as (text: string, before: unknown) => ReturnType<typeof flag.parse>;
  const option = new Option(`${short}${flag.name} ${value}`, `${flag.help}${shown}`).argParser<unknown>(
    (text, before) => {
      const parsed = parse(text, before ?? flag.default);
      if (parsed.ok) return parsed.value;
      throw new InvalidArgumentError(`${parsed.error}.`);
    },
  );
  return flag.value === null ? option.preset('true') : option;
}

function usageFault(name: CommandName, flags: Flags): string | null {
  if (!FLAGS.manifests.commands.includes(name)) return null;
  if (flags.httpPort === flags.httpsPort) {
    return `error: --http-port and --https-port are both ${flags.httpPort}: they need a port each.\n`;
  }
  return sourceFault(name, flags);
}

function sourceFault(name: CommandName, flags: Flags): string | null {
  const more = `(ingress-openresty ${name} --help explains every flag)\n`;
  if (flags.kubeconfig !== null) {
    if (flags.manifests.length > 0)
      return `error: --manifests and --kubeconfig are two sources; give one of them.\n${more}`;
    if (flags.watchNamespace !== null && flags.watchNamespaceSelector !== null)
      return `error: --watch-namespace and --watch-namespace-selector exclude each other.\n${more}`;
    if (flags.publishService !== null && flags.publishStatusAddress.length > 0)
      return `error: --publish-service and --publish-status-address exclude each other.\n${more}`;
    return null;
  }
  if (flags.manifests.length > 0) return null;
  const or = name === 'run' ? ', or --kubeconfig FILE: the cluster to watch' : '';
  return [
    `error: --manifests DIR is missing: the folder of Kubernetes YAML to read${or}.`,
    `For example: ingress-openresty ${name} --manifests deploy/examples`,
    more,
  ].join('\n');
}
