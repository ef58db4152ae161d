import { Command, CommanderError, Help, Option } from 'commander';
import { WrongUsage } from '../terminal/cli-errors.ts';
import type { Environment } from '../terminal/environment.ts';
import { ExitCode } from '../terminal/exit-codes.ts';
import { describeVersion } from '../terminal/version.ts';
import { canonicalArguments } from './canonical-arguments.ts';
import { type AnyTable, globalOptions, type OptionSpec } from './command-table.ts';
import type { Typed } from './typed-values.ts';

/** The wish of a command line; help and version are shown on the way. */
export type ParsedLine =
  | { readonly kind: 'shown'; readonly exitCode: ExitCode }
  | {
      readonly kind: 'command';
      readonly name: string;
      readonly typed: Typed;
      /** The file for log lines. */
      readonly logfile: string | undefined;
    };

/** Takes a command line apart; throws {@link WrongUsage} for one that cannot be understood. */
export function parseCommandLine(
  argv: readonly string[],
  tables: readonly AnyTable[],
  environment: Environment,
): ParsedLine {
  const words = canonicalArguments(argv, tables);
  let parsed: ParsedLine | undefined;
  const program = newCommand('ws', environment)
    .description('WebSocket and HTTP from the command line.')
    .usage('[options] <command>')
    .version(`ws ${describeVersion(environment)}`, '--version', 'show the version')
    .addOption(toCommanderOption(globalOptions.logfile))
    .helpCommand(false);
  for (const table of tables) {
    addCommand(program, table, environment, (typed) => {
      const logfile: unknown = typed.options['logfile'] ?? program.opts()['logfile'];
      parsed = { kind: 'command', name: table.name, typed, logfile: typeof logfile === 'string' ? logfile : undefined };
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
    .configureHelp({ subcommandTerm: (command) => command.name(), showGlobalOptions: false, formatItem })
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      // The error comes as an exception as well, and is shown from there.
      outputError: () => undefined,
      getOutHelpWidth: () => stdout.columns ?? 80,
      getErrHelpWidth: () => stderr.columns ?? 80,
    });
}

/** In two columns, or one below the other where the second column would be too narrow to read. */
function formatItem(this: Help, term: string, termWidth: number, description: string, helper: Help): string {
  const width = this.helpWidth ?? 80;
  if (width - termWidth >= MIN_ABOUT_WIDTH)
    return Help.prototype.formatItem.call(this, term, termWidth, description, helper);
  const lines = wrapped(description, width - ABOUT_INDENT.length);
  return [`  ${term}`, ...lines.map((line) => ABOUT_INDENT + line)].join('\n');
}

/** Room for the indentation, the space between, and what commander takes for too narrow to wrap. */
const MIN_ABOUT_WIDTH = 44;
const ABOUT_INDENT = '      ';

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
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
  for (const { placeholder, about, isOptional, isList } of Object.values(table.arguments)) {
    const words = isList === true ? `${placeholder}...` : placeholder;
    command.argument(isOptional === true ? `[${words}]` : `<${words}>`, about);
  }
  const keys = new Map<string, string>();
  for (const [key, spec] of Object.entries(table.options)) {
    const option = toCommanderOption(spec);
    command.addOption(option);
    keys.set(option.attributeName(), key);
  }
  command.addOption(toCommanderOption(globalOptions.logfile));
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
      // As a command it is refused as well, with the one that was meant.
      if (topic === undefined) program.parse([name ?? ''], { from: 'user' });
      else topic.help();
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
