import type { Command } from './command.ts';
import type { Environment } from './environment.ts';
import { CliError, WrongUsage } from './errors.ts';
import { ExitCode } from './exit-codes.ts';
import { withLogfile } from './logfile.ts';
import type { AnyTable, CommandTable } from './options.ts';
import { reportError } from './output.ts';
import { parseCommandLine } from './parse.ts';
import { autobahnTable } from './tables/autobahn.ts';
import { autorouteTable } from './tables/autoroute.ts';
import { chatTable } from './tables/chat.ts';
import { completionTable } from './tables/completion.ts';
import { connectTable } from './tables/connect.ts';
import { curlTable } from './tables/curl.ts';
import { dnsLookupTable } from './tables/dnslookup.ts';
import { echoServerTable } from './tables/echo-server.ts';
import { gunzipTable, gzipTable } from './tables/gzip.ts';
import { httpdTable } from './tables/httpd.ts';
import { manTable } from './tables/man.ts';
import { pingTable } from './tables/ping.ts';
import { proxyServerTable } from './tables/proxy-server.ts';
import { pushServerTable } from './tables/push-server.ts';
import { broadcastServerTable, transferTable } from './tables/relay.ts';
import { receiveTable, sendTable } from './tables/send.ts';
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
  entry(pingTable, async () => (await import('./commands/ping.ts')).ping),
  entry(chatTable, async () => (await import('./commands/chat.ts')).chat),
  entry(sendTable, async () => (await import('./commands/send.ts')).send),
  entry(receiveTable, async () => (await import('./commands/receive.ts')).receive),
  entry(transferTable, async () => (await import('./commands/relay-server.ts')).transfer),
  entry(broadcastServerTable, async () => (await import('./commands/relay-server.ts')).broadcastServer),
  entry(echoServerTable, async () => (await import('./commands/echo-server.ts')).echoServer),
  entry(pushServerTable, async () => (await import('./commands/push-server.ts')).pushServer),
  entry(proxyServerTable, async () => (await import('./commands/proxy-server.ts')).proxyServer),
  entry(autorouteTable, async () => (await import('./commands/autoroute.ts')).autoroute),
  entry(curlTable, async () => (await import('./commands/curl.ts')).curl),
  entry(httpdTable, async () => (await import('./commands/httpd.ts')).httpd),
  entry(autobahnTable, async () => (await import('./commands/autobahn.ts')).autobahn),
  entry(dnsLookupTable, async () => (await import('./commands/dnslookup.ts')).dnsLookup),
  entry(gzipTable, async () => (await import('./commands/gzip.ts')).gzip),
  entry(gunzipTable, async () => (await import('./commands/gzip.ts')).gunzip),
  entry(completionTable, async () => (await import('./commands/completion.ts')).createCompletion(tables)),
  entry(manTable, async () => (await import('./commands/completion.ts')).createMan(tables)),
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
