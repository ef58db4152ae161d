import { autobahnTable } from './autobahn/table.ts';
import { autorouteTable } from './autoroute/table.ts';
import { chatTable } from './chat/table.ts';
import { manTable } from './completion/man-table.ts';
import { completionTable } from './completion/table.ts';
import { connectTable } from './connect/table.ts';
import { curlTable } from './curl/table.ts';
import { dnsLookupTable } from './dnslookup/table.ts';
import { echoServerTable } from './echo-server/table.ts';
import { gunzipTable, gzipTable } from './gzip/table.ts';
import { httpdTable } from './httpd/table.ts';
import type { Command } from './line/command.ts';
import type { AnyTable, CommandTable } from './line/command-table.ts';
import { parseCommandLine } from './line/parse-command-line.ts';
import { readValues } from './line/typed-values.ts';
import { pingTable } from './ping/table.ts';
import { proxyServerTable } from './proxy-server/table.ts';
import { pushServerTable } from './push-server/table.ts';
import { receiveTable } from './receive/table.ts';
import { broadcastServerTable, transferTable } from './relay/table.ts';
import { sendTable } from './send/table.ts';
import { CliError, WrongUsage } from './terminal/cli-errors.ts';
import type { Environment } from './terminal/environment.ts';
import { ExitCode } from './terminal/exit-codes.ts';
import { withLogfile } from './terminal/files/logfile.ts';
import { reportError } from './terminal/output.ts';

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
  entry(connectTable, async () => (await import('./connect/command.ts')).connect),
  entry(pingTable, async () => (await import('./ping/command.ts')).ping),
  entry(chatTable, async () => (await import('./chat/command.ts')).chat),
  entry(sendTable, async () => (await import('./send/command.ts')).send),
  entry(receiveTable, async () => (await import('./receive/command.ts')).receive),
  entry(transferTable, async () => (await import('./relay/command.ts')).transfer),
  entry(broadcastServerTable, async () => (await import('./relay/command.ts')).broadcastServer),
  entry(echoServerTable, async () => (await import('./echo-server/command.ts')).echoServer),
  entry(pushServerTable, async () => (await import('./push-server/command.ts')).pushServer),
  entry(proxyServerTable, async () => (await import('./proxy-server/command.ts')).proxyServer),
  entry(autorouteTable, async () => (await import('./autoroute/command.ts')).autoroute),
  entry(curlTable, async () => (await import('./curl/command.ts')).curl),
  entry(httpdTable, async () => (await import('./httpd/command.ts')).httpd),
  entry(autobahnTable, async () => (await import('./autobahn/command.ts')).autobahn),
  entry(dnsLookupTable, async () => (await import('./dnslookup/command.ts')).dnsLookup),
  entry(gzipTable, async () => (await import('./gzip/command.ts')).gzip),
  entry(gunzipTable, async () => (await import('./gzip/command.ts')).gunzip),
  entry(completionTable, async () => (await import('./completion/command.ts')).createCompletion(tables)),
  entry(manTable, async () => (await import('./completion/command.ts')).createMan(tables)),
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
    const values = readValues(chosen.table, parsed.typed);
    return await withLogfile(parsed.logfile, environment, (logged) => chosen.run(values, logged));
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    const isUsage = error instanceof WrongUsage;
    reportError(environment, error, isUsage ? hint : undefined);
    return isUsage ? ExitCode.WrongUsage : ExitCode.Failed;
  }
}
