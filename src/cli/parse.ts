import { Command, CommanderError, Option } from 'commander';
import { canonicalArguments } from './canonical.ts';
import type { Environment } from './environment.ts';
import { WrongUsage } from './errors.ts';
import { ExitCode } from './exit-codes.ts';
import type { AnyTable, OptionSpec } from './options.ts';
import type { Typed } from './values.ts';
import { describeVersion } from './version.ts';

/** What a command line asks for; help and version are shown on the way. */
export type ParsedLine =
  | { readonly kind: 'shown'; readonly exitCode: ExitCode }
  | { readonly kind: 'command'; readonly name: string; readonly typed: Typed };

/** Takes a command line apart; throws {@link WrongUsage} for one that cannot be understood. */
export function parseCommandLine(
  argv: readonly string[],
  tables: readonly AnyTable[],
  environment: Environment,
): ParsedLine {
  const words = canonicalArguments(argv, tables);
  let parsed: ParsedLine | undefined;
  const program = newCommand('ws', environment)
    .description('WebSocket from the command line.')
    .usage('[options] <command>')
    .version(`ws ${describeVersion(environment)}`, '--version', 'show the version')
    .helpCommand(false);
  for (const table of tables) {
    addCommand(program, table, environment, (typed) => {
      parsed = { kind: 'command', name: table.name, typed };
    });
  }
  addHelpCommand(program, environment);
  try {
    program.parse(words, { from: 'user' });
    return parsed ?? program.help({ error: true });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { kind: 'shown', exitCode: ExitCode.Done };
    // There was no command, and the help went to stderr.
    if (error.code === 'commander.help') return { kind: 'shown', exitCode: ExitCode.WrongUsage };
    const name = tables.find((table) => table.name === words[0])?.name;
    const [why = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
    const hint = suggestion?.replace(/^\((.*)\)$/, '$1') ?? `Try 'ws help${name === undefined ? '' : ` ${name}`}'.`;
    throw new WrongUsage(name ?? 'wrong usage', why, hint);
  }
}

function newCommand(name: string, environment: Environment): Command {
  const { stdout, stderr } = environment;
  return new Command(name)
    .exitOverride()
    .allowExcessArguments(false)
    .helpOption('-h, --help', 'show this help')
    .configureHelp({ subcommandTerm: (command) => command.name(), showGlobalOptions: false })
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      // The error comes as an exception as well, and is shown from there.
      outputError: () => undefined,
      getOutHelpWidth: () => stdout.columns ?? 80,
      getErrHelpWidth: () => stderr.columns ?? 80,
    });
}

function addCommand(
  program: Command,
  table: AnyTable,
  environment: Environment,
  onChosen: (typed: Typed) => void,
): void {
  const command = newCommand(table.name, environment)
    .summary(table.summary)
    .description(`${capitalised(table.summary)}.`)
    .addHelpText('before', () => describeExamples(table));
  for (const { placeholder, about } of Object.values(table.arguments)) command.argument(`<${placeholder}>`, about);
  const keys = new Map<string, string>();
  for (const [key, spec] of Object.entries(table.options)) {
    const option = toCommanderOption(spec);
    command.addOption(option);
    keys.set(option.attributeName(), key);
  }
  command.action(() => {
    const options = Object.entries(command.opts()).map(([name, typed]) => [keys.get(name) ?? name, typed] as const);
    onChosen({ arguments: command.args, options: Object.fromEntries(options) as Typed['options'] });
  });
  program.addCommand(command);
}

function toCommanderOption(spec: OptionSpec): Option {
  const names = spec.short === undefined ? `--${spec.long}` : `-${spec.short}, --${spec.long}`;
  const shownDefault =
    spec.kind === 'value' && spec.shownDefault !== undefined ? ` (default: ${spec.shownDefault})` : '';
  const option = new Option(
    spec.kind === 'flag' ? names : `${names} <${spec.placeholder}>`,
    `${spec.about}${shownDefault}`,
  );
  if (spec.isHidden === true) option.hideHelp();
  if (spec.kind === 'list') {
    option.argParser((text: string, previous: readonly string[] | undefined) => [...(previous ?? []), text]);
  }
  return option;
}

function addHelpCommand(program: Command, environment: Environment): void {
  const help = newCommand('help', environment)
    .description('Show the help of a command.')
    .summary('show the help of a command')
    .argument('[command]', 'its name')
    .helpOption(false)
    .action((name: string | undefined) => {
      const topic = name === undefined ? program : program.commands.find((command) => command.name() === name);
      if (topic === undefined) program.error(`error: unknown command '${name}'`, { code: 'commander.unknownCommand' });
      topic.help();
    });
  program.addCommand(help);
}

function describeExamples(table: AnyTable): string {
  const width = Math.max(...table.examples.map(([command]) => command.length));
  const isWide = width <= 44;
  const lines = table.examples.map(([command, about]) =>
    isWide ? `  ${command.padEnd(width)}  ${about}` : `  ${command}\n      ${about}`,
  );
  return `Examples:\n${lines.join('\n')}\n`;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
