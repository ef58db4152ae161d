import type { WebSocketCloseInfo } from '../../index.ts';
import type { Environment } from '../terminal/environment.ts';
import { roundedMs, toJsonLine } from '../terminal/json-text.ts';
import { printable, printableLines, writeLine } from '../terminal/output.ts';
import type { RoundTripSummary, RoundTrips } from './round-trips.ts';

/** Output of `ping`: for people, or as JSON with one event a line. */
export class PingReport {
  private readonly environment: Environment;
  private readonly isJson: boolean;
  private readonly isQuiet: boolean;

  constructor(environment: Environment, options: { readonly isJson: boolean; readonly isQuiet: boolean }) {
    this.environment = environment;
    this.isJson = options.isJson;
    this.isQuiet = options.isQuiet;
  }

  connected(url: string, isPeriodic: boolean): void {
    this.line('open', { url }, isPeriodic ? `PING ${url}` : 'ping_pong: connected');
  }

  /** The answer to a ping of ours that was numbered. */
  answered(number: string, url: string, ms: number): void {
    this.line(
      'pong',
      { number: Number(number), roundTripMs: roundedMs(ms) },
      `pong ${number} from ${url}: ${ms.toFixed(2)} ms`,
    );
  }

  pong(data: string, ms: number | undefined): void {
    const time = ms === undefined ? '' : ` (${ms.toFixed(2)} ms)`;
    this.line('pong', { data, roundTripMs: roundedMs(ms) }, `ping_pong: received pong message: ${data}${time}`);
  }

  ping(data: string): void {
    this.line('ping', { data }, `ping_pong: received ping message: ${data}`);
  }

  message(data: string | Buffer): void {
    const text = typeof data === 'string' ? data : `${data.length} bytes`;
    const fields = typeof data === 'string' ? { data } : { data: data.toString('base64') };
    this.line('message', { binary: typeof data !== 'string', ...fields }, `ping_pong: received message: ${text}`);
  }

  closed({ code, reason, remote }: WebSocketCloseInfo): void {
    this.line('close', { code, reason, remote }, `ping_pong: disconnected: code ${code} reason ${reason}`);
  }

  statistics(url: string, trips: RoundTrips, ms: number): void {
    const { sent, received, stray } = trips;
    const summary = trips.summary();
    if (this.isJson) {
      this.json('statistics', {
        url,
        sent,
        received,
        stray,
        milliseconds: Math.round(ms),
        roundTripMs: rounded(summary),
      });
      return;
    }
    const lost = sent === 0 ? 0 : Math.round((100 * (sent - received)) / sent);
    const lines = [
      `--- ${url} ping statistics ---`,
      `${sent} pings sent, ${received} pongs received, ${lost}% lost, ${Math.round(ms)} ms`,
    ];
    if (stray > 0) lines.push(`${stray} ${stray === 1 ? 'pong belongs' : 'pongs belong'} to no ping`);
    if (summary !== undefined) {
      const { min, avg, max, mdev } = summary;
      const times = [min, avg, max, mdev].map((time) => time.toFixed(3)).join('/');
      lines.push(`round trip min/avg/max/mdev ${times} ms`);
    }
    writeLine(this.environment.stdout, printableLines(lines.join('\n')));
  }

  private line(event: string, fields: Readonly<Record<string, unknown>>, text: string): void {
    if (this.isJson) this.json(event, fields);
    else if (!this.isQuiet) writeLine(this.environment.stdout, printable(text));
  }

  private json(event: string, fields: Readonly<Record<string, unknown>>): void {
    const { stdout } = this.environment;
    writeLine(stdout, toJsonLine({ time: this.environment.now().toISOString(), event, ...fields }));
  }
}

function rounded(summary: RoundTripSummary | undefined): object | undefined {
  if (summary === undefined) return undefined;
  const { min, avg, max, mdev } = summary;
  return { min: roundedMs(min), avg: roundedMs(avg), max: roundedMs(max), mdev: roundedMs(mdev) };
}
