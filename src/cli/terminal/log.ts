import type { Environment, Output } from './environment.ts';
import { toJsonLine } from './json-text.ts';
import { fromOctets } from './octets.ts';
import { printable, writeLine } from './output.ts';
import type { Progress } from './progress-bar.ts';
import { shownUrl } from './shown-url.ts';
import { dateAndTime } from './time-of-day.ts';

const secretHeaders: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization', 'cookie', 'set-cookie']);

/** Fields of an event beside its line, for programs. */
export type LogDetails = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * The events of a command, one a line with its time: errors to stderr, the rest to stdout unless it is quiet. With
 * `--json` each is an object, and with `--logfile` all of them go there.
 */
export class Log {
  /** True when only errors are shown. Look at it before making a line for each of many messages. */
  readonly isQuiet: boolean;
  readonly isJson: boolean;
  private readonly environment: Environment;
  private readonly progress: Progress | undefined;

  /** @param progress stays below the lines */
  constructor(environment: Environment, isQuiet: boolean, isJson: boolean = false, progress?: Progress) {
    this.environment = environment;
    this.progress = progress;
    this.isQuiet = isQuiet;
    this.isJson = isJson;
  }

  info(text: string): void {
    this.event('info', text);
  }

  error(text: string, details?: LogDetails): void {
    const { environment } = this;
    this.write(environment.logfile ?? environment.stderr, this.line('error', 'error', text, details));
  }

  /** Something that programs want to know by a name. */
  event(name: string, text: string, details?: LogDetails): void {
    const { environment } = this;
    if (!this.isQuiet) this.write(environment.logfile ?? environment.stdout, this.line('info', name, text, details));
  }

  /** The request of an opening handshake, without passwords. */
  handshake(uri: string, headers: Iterable<readonly [string, string]>): void {
    if (this.isQuiet) return;
    for (const line of describeHandshake(uri, headers)) this.info(line);
  }

  private write(output: Output, line: string): void {
    if (this.progress === undefined) writeLine(output, line);
    else this.progress.above(() => writeLine(output, line));
  }

  private line(level: string, event: string, text: string, details?: LogDetails): string {
    if (this.isJson) {
      return toJsonLine({ time: this.environment.now().toISOString(), level, event, message: text, ...details });
    }
    return `[${dateAndTime(this.environment.now())}] [${level}] ${printable(text)}`;
  }
}

/** The request or the answer of an opening handshake in lines; what could let somebody in is left out. */
export function describeHandshake(uri: string, headers: Iterable<readonly [string, string]>): string[] {
  return [`Uri: ${shownUrl(uri)}`, 'Headers:', ...describeHeaders(headers)];
}

export function describeHeaders(headers: Iterable<readonly [string, string]>): string[] {
  return shownHeaders(headers).map(([name, value]) => `${name}: ${value}`);
}

/** Headers without what could let somebody in. */
export function shownHeaders(headers: Iterable<readonly [string, string]>): (readonly [string, string])[] {
  return Array.from(headers, ([name, value]) => [
    name,
    secretHeaders.has(name.toLowerCase()) ? '(not shown)' : fromOctets(value),
  ]);
}
