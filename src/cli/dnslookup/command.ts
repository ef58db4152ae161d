import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from '../line/command.ts';
import { CliError, WrongUsage } from '../terminal/cli-errors.ts';
import type { Environment } from '../terminal/environment.ts';
import { ExitCode } from '../terminal/exit-codes.ts';
import { toJsonLine } from '../terminal/json-text.ts';
import { printable, reasonOf, writeLine } from '../terminal/output.ts';
import { exitCodeOf, withStopSignal } from '../terminal/stop-signal.ts';
import type { DnsLookupValues } from './table.ts';

export interface DnsLookupPlan {
  readonly host: string;
  readonly family: 0 | 4 | 6;
  readonly timeoutMs: number;
  readonly isQuiet: boolean;
  readonly isJson: boolean;
}

/** Finds the addresses of a host. */
export type Resolver = (host: string, options: { family: 0 | 4 | 6; all: true }) => Promise<readonly LookupAddress[]>;

/** With the resolver of the system, or that of a test. */
export function createDnsLookup(resolve: Resolver = lookup): Command<DnsLookupValues, DnsLookupPlan> {
  return {
    plan(values) {
      if (values.isIPv4 && values.isIPv6) throw new WrongUsage('dnslookup', 'give either -4 or -6');
      return {
        host: values.host,
        family: values.isIPv4 ? 4 : values.isIPv6 ? 6 : 0,
        timeoutMs: values.timeoutSecs * 1000,
        isQuiet: values.isQuiet,
        isJson: values.isJson,
      };
    },

    execute: (plan, environment) =>
      withStopSignal(environment, async (stopped) => {
        const { host, family, timeoutMs } = plan;
        const startMs = environment.elapsedMs();
        const abort = new AbortController();
        try {
          const late = sleep(timeoutMs, 'late' as const, { signal: abort.signal });
          const outcome = await Promise.race([resolve(host, { family, all: true }), stopped, late]);
          if (outcome === 'late') throw new CliError('dnslookup', `${host}: no answer in ${timeoutMs / 1000} seconds`);
          if (typeof outcome === 'string') return exitCodeOf(outcome);
          show(plan, outcome, environment.elapsedMs() - startMs, environment);
          return ExitCode.Done;
        } catch (error) {
          if (error instanceof CliError) throw error;
          throw new CliError('dnslookup', `${host}: ${whyNot(error)}`, undefined, { cause: error });
        } finally {
          abort.abort();
        }
      }),
  };
}

export const dnsLookup: Command<DnsLookupValues, DnsLookupPlan> = createDnsLookup();

function show(plan: DnsLookupPlan, found: readonly LookupAddress[], elapsedMs: number, environment: Environment): void {
  const { host, isJson, isQuiet } = plan;
  const { stdout } = environment;
  const milliseconds = Number(elapsedMs.toFixed(1));
  const seen = new Map(found.map((entry) => [entry.address, entry]));
  for (const { address, family } of seen.values()) {
    if (isJson) writeLine(stdout, toJsonLine({ host, ip: address, family, milliseconds }));
    else writeLine(stdout, isQuiet ? address : `host: ${printable(host)} ip: ${address}`);
  }
  if (isJson || isQuiet) return;
  const count = seen.size === 1 ? '1 address' : `${seen.size} addresses`;
  writeLine(stdout, `${count} in ${milliseconds} ms`);
}

function whyNot(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOTFOUND':
      return 'no such host, or it has no such address';
    case 'EAI_AGAIN':
      return 'no answer from a name server';
    default:
      return reasonOf(error);
  }
}
