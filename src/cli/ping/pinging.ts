import type { WebSocket, WebSocketCloseInfo, WebSocketMessage } from '../../index.ts';
import { exitCodeOfClose } from '../peers/close-exit-code.ts';
import { connectFailure } from '../peers/create-client.ts';
import { CliError } from '../terminal/cli-errors.ts';
import type { Environment } from '../terminal/environment.ts';
import { ExitCode } from '../terminal/exit-codes.ts';
import { splitLines } from '../terminal/files/split-lines.ts';
import { reportError } from '../terminal/output.ts';
import { settleable } from '../terminal/settleable.ts';
import type { PingReport } from './ping-report.ts';
import { RoundTrips } from './round-trips.ts';

const COMMAND = 'ping';

/** The longest payload of a control frame (RFC 6455 section 5.5). */
const MAX_PAYLOAD = 125;

/** The source of pings: a clock, or lines of input. */
export type PingSource =
  | { readonly kind: 'clock'; readonly intervalMs: number; readonly count: number | undefined }
  | { readonly kind: 'lines' };

export interface PingingPlan {
  /** Without credentials, to be shown. */
  readonly url: string;
  /** The time to wait for answers when all pings are sent. */
  readonly answerMs: number;
}

/** Pings over one connection, which is not made again: that it was lost is what a ping is to find out. */
export class Pinging {
  private readonly plan: PingingPlan;
  private readonly source: PingSource;
  private readonly client: WebSocket;
  private readonly report: PingReport;
  private readonly environment: Environment;
  private readonly trips = new RoundTrips();
  private readonly ended = settleable<ExitCode>();
  private isOver = false;
  private isAllSent = false;
  private hasRefused = false;
  private timer: NodeJS.Timeout | undefined;
  private openedMs: number | undefined;

  constructor(
    plan: PingingPlan,
    source: PingSource,
    parts: { readonly client: WebSocket; readonly report: PingReport; readonly environment: Environment },
  ) {
    this.plan = plan;
    this.source = source;
    this.client = parts.client;
    this.report = parts.report;
    this.environment = parts.environment;
  }

  /** Connects, pings and closes; throws {@link CliError} when there is no connection. */
  async run(): Promise<ExitCode> {
    const { client, report, plan, source, environment } = this;
    client.setOnMessageCallback((message) => this.onMessage(message));
    const result = await client.connect();
    if (!result.success && !this.isOver) throw connectFailure(COMMAND, result.errorInfo);
    const code = await this.ended.promise;
    clearTimeout(this.timer);
    if (source.kind === 'lines') environment.stdin.destroy();
    await client.stop();
    const { openedMs } = this;
    if (source.kind === 'clock' && openedMs !== undefined) {
      report.statistics(plan.url, this.trips, environment.elapsedMs() - openedMs);
    }
    return code;
  }

  /** Makes it the end. The first call counts; one more does not wait for the other side. */
  end(code: ExitCode): void {
    if (this.isOver) this.client.terminate();
    this.isOver = true;
    this.ended.resolve(code);
    if (this.client.getReadyState() === 'connecting') void this.client.stop();
  }

  private onOpen(): void {
    const { source, report, plan } = this;
    this.openedMs = this.environment.elapsedMs();
    report.connected(plan.url, source.kind === 'clock');
    if (source.kind === 'clock') this.pingByClock(source.intervalMs, source.count);
    else void this.pingByLines();
  }

  private pingByClock(intervalMs: number, count: number | undefined): void {
    const number = this.trips.sent + 1;
    if (!this.send(String(number))) return;
    if (number === count) this.finish();
    else this.timer = setTimeout(() => this.pingByClock(intervalMs, count), intervalMs);
  }

  private async pingByLines(): Promise<void> {
    try {
      for await (const line of splitLines(this.environment.stdin)) {
        if (this.isOver) return;
        if (line.toString('latin1') === '/close') break;
        if (line.length > MAX_PAYLOAD)
          this.refuse(`a line of ${line.length} bytes is too long for a ping: 125 at most`);
        else if (!this.send(line)) return;
        if (!this.client.canSendMore) await this.client.drain();
      }
    } catch {
      // The input broke; what was sent until then counts.
    }
    if (!this.isOver) this.finish();
  }

  /** True while the connection is there. */
  private send(payload: string | Buffer): boolean {
    const info = this.client.ping(payload);
    if (info.success) this.trips.onPing(payload.toString('latin1'), this.environment.elapsedMs());
    else if (info.code !== 'closed') this.refuse(`not sent (${info.code})`);
    return info.success || info.code !== 'closed';
  }

  private refuse(why: string): void {
    this.hasRefused = true;
    reportError(this.environment, new CliError(COMMAND, why));
  }

  /** All pings are sent; their answers have so much time to come. */
  private finish(): void {
    this.isAllSent = true;
    if (this.trips.missing === 0) this.end(this.result());
    else this.timer = setTimeout(() => this.onNoAnswer(), this.plan.answerMs);
  }

  private onNoAnswer(): void {
    const { missing } = this.trips;
    this.refuse(missing === 1 ? 'a ping was not answered' : `${missing} pings were not answered`);
    this.end(ExitCode.Failed);
  }

  private result(): ExitCode {
    return this.hasRefused ? ExitCode.Failed : ExitCode.Done;
  }

  private onMessage(message: WebSocketMessage): void {
    const { report, source } = this;
    const isListening = source.kind === 'lines';
    switch (message.type) {
      case 'open':
        this.onOpen();
        break;
      case 'pong':
        this.onPong(message.bytes.toString('latin1'), message.data);
        break;
      case 'ping':
        if (isListening) report.ping(message.data);
        break;
      case 'message':
        if (isListening) report.message(message.data);
        break;
      case 'close':
        this.onClosed(message.closeInfo);
        break;
      default:
        break;
    }
  }

  private onPong(payload: string, data: string): void {
    const { report, trips, source, plan } = this;
    const ms = trips.onPong(payload, this.environment.elapsedMs());
    if (source.kind === 'lines') report.pong(data, ms);
    else if (ms !== undefined) report.answered(payload, plan.url, ms);
    if (this.isAllSent && trips.missing === 0) this.end(this.result());
  }

  private onClosed(closeInfo: WebSocketCloseInfo): void {
    if (this.source.kind === 'lines' || !this.isOver) this.report.closed(closeInfo);
    if (this.isOver) return;
    const code = exitCodeOfClose(closeInfo);
    // Closed in order, and still too early for what was asked for.
    this.end(code === ExitCode.Done ? ExitCode.Failed : code);
  }
}
