import type { Environment } from './environment.ts';
import { printable, writeLine } from './output.ts';

const secretHeaders: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization', 'cookie', 'set-cookie']);

/** The events of a command, one a line with its time: errors to stderr, the rest to stdout unless it is quiet. */
export class Log {
  /** Whether only errors are shown. Look at it before making a line for each of many messages. */
  readonly isQuiet: boolean;
  private readonly environment: Environment;

  constructor(environment: Environment, isQuiet: boolean) {
    this.environment = environment;
    this.isQuiet = isQuiet;
  }

  info(text: string): void {
    if (!this.isQuiet) writeLine(this.environment.stdout, this.line('info', text));
  }

  error(text: string): void {
    writeLine(this.environment.stderr, this.line('error', text));
  }

  /** What an opening handshake brought, without passwords. */
  handshake(uri: string, headers: Iterable<readonly [string, string]>): void {
    if (this.isQuiet) return;
    for (const line of describeHandshake(uri, headers)) this.info(line);
  }

  private line(level: string, text: string): string {
    return `[${timestamp(this.environment.now())}] [${level}] ${printable(text)}`;
  }
}

/** The request or the answer of an opening handshake in lines; what could let somebody in is left out. */
export function describeHandshake(uri: string, headers: Iterable<readonly [string, string]>): string[] {
  const lines = [`Uri: ${uri}`, 'Headers:'];
  for (const [name, value] of headers) {
    lines.push(`${name}: ${secretHeaders.has(name.toLowerCase()) ? '(not shown)' : value}`);
  }
  return lines;
}

/** Local time, as `2026-01-31 23:59:59.123`. */
function timestamp(time: Date): string {
  const local = new Date(time.getTime() - time.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 23).replace('T', ' ');
}
