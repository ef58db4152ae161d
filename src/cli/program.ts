import { CommanderError } from 'commander';
import type { Command } from './command.ts';
import { CliError, WrongUsage } from './errors.ts';
import type { Environment } from './environment.ts';
import { ExitCode } from './exit-codes.ts';
import type { AnyTable, CommandTable } from './options.ts';
import { writeLine, reportError } from './output.ts';
import { parseCommandLine } from './parse.ts';
import { autobahnTable } from './tables/autobahn.ts';
import { autorouteTable } from './tables/autoroute.ts';
import { connectTable } from './tables/connect.ts';
import { echoServerTable } from './tables/echo-server.ts';
import { pushServerTable } from './tables/push-server.ts';
import { readValues } from './values.ts';

/** A sub-command whose code is loaded when it runs. */
interface Entry {
  readonly table: AnyTable;
  run(values: Readonly<Record<string, unknown>>, environment: Environment): Promise<ExitCode>;
}

function entry<V, A extends keyof V, P>(table: CommandTable<V, A>, load: () => Promise<Command<V, P>>): Entry {
  return {
    table: table as unknown as AnyTable,
    async run(values, environment) {
      const command = await load();
      // `readValues` made these from the same table.
      return command.execute(command.plan(values as V), environment);
    },
  };
}

const entries: readonly Entry[] = [
  entry(connectTable, async () => (await import('./commands/connect.ts')).connect),
  entry(echoServerTable, async () => (await import('./commands/echo-server.ts')).echoServer),
  entry(pushServerTable, async () => (await import('./commands/push-server.ts')).pushServer),
  entry(autorouteTable, async () => (await import('./commands/autoroute.ts')).autoroute),
  entry(autobahnTable, async () => (await import('./commands/autobahn.ts')).autobahn),
];

/** Every sub-command's table, in the order of the help. */
export const tables: readonly AnyTable[] = entries.map(({ table }) => table);

/**
 * Runs one command line, without the name of the program.
 *
 * @returns what the process should end with; it does not reject for anything that a user or a network may do
 */
export async function run(argv: readonly string[], environment: Environment): Promise<ExitCode> {
  let name = '';
  try {
    const parsed = parseCommandLine(argv, tables, environment);
    if (parsed.kind === 'version') {
      const { userAgent } = await import('../index.ts');
      writeLine(environment.stdout, `ws ${userAgent}`);
      return ExitCode.Done;
    }
    ({ name } = parsed);
    const chosen = entries.find(({ table }) => table.name === name);
    if (chosen === undefined) throw new WrongUsage(name, 'no such command');
    return await chosen.run(readValues(chosen.table, parsed.typed), environment);
  } catch (error) {
    return handleFailure(error, name, environment);
  }
}

function handleFailure(error: unknown, name: string, environment: Environment): ExitCode {
  if (error instanceof CommanderError) return handleParseFailure(error, environment);
  if (!(error instanceof CliError)) throw error;
  const isUsage = error instanceof WrongUsage;
  const hint = error.hint ?? (isUsage ? `Try 'ws help ${name}'.` : undefined);
  reportError(environment, new CliError(error.what, error.message, hint));
  return isUsage ? ExitCode.WrongUsage : ExitCode.Failed;
}

/** Commander ends parsing with an error also where it has shown the help. */
function handleParseFailure(error: CommanderError, environment: Environment): ExitCode {
  if (error.exitCode === 0) return ExitCode.Done;
  if (error.code === 'commander.help') return ExitCode.WrongUsage;
  const [why = '', suggestion = "Try 'ws help'."] = error.message.replace(/^error: /, '').split('\n');
  reportError(environment, new CliError('wrong usage', why, suggestion.replace(/^\((.*)\)$/, '$1')));
  return ExitCode.WrongUsage;
}
