import type { Command } from './command.ts';
import type { Environment } from './environment.ts';
import { CliError, WrongUsage } from './errors.ts';
import { ExitCode } from './exit-codes.ts';
import type { AnyTable, CommandTable } from './options.ts';
import { reportError } from './output.ts';
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
    table,
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
  let hint: string | undefined;
  try {
    const parsed = parseCommandLine(argv, tables, environment);
    if (parsed.kind === 'shown') return parsed.exitCode;
    hint = `Try 'ws help ${parsed.name}'.`;
    const chosen = entries.find(({ table }) => table.name === parsed.name);
    if (chosen === undefined) throw new WrongUsage(parsed.name, 'no such command');
    return await chosen.run(readValues(chosen.table, parsed.typed), environment);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    const isUsage = error instanceof WrongUsage;
    reportError(environment, error, isUsage ? hint : undefined);
    return isUsage ? ExitCode.WrongUsage : ExitCode.Failed;
  }
}
