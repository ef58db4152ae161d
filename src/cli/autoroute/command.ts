import type { WebSocket } from '../../index.ts';
import type { Command } from '../line/command.ts';
import { type ClientPlan, openClient, planClient } from '../peers/client-access.ts';
import { connectFailure, urlBelow } from '../peers/create-client.ts';
import { CliError } from '../terminal/cli-errors.ts';
import type { Environment, StopSignal } from '../terminal/environment.ts';
import { ExitCode } from '../terminal/exit-codes.ts';
import { describeHandshake } from '../terminal/log.ts';
import { printable, writeLine } from '../terminal/output.ts';
import { settleable } from '../terminal/settleable.ts';
import { shownUrl } from '../terminal/shown-url.ts';
import { exitCodeOf, withStopSignal } from '../terminal/stop-signal.ts';
import type { AutorouteValues } from './table.ts';

export interface AutoroutePlan {
  /** Without the number of messages, as it was typed. */
  readonly url: string;
  readonly messageCount: number;
  readonly client: ClientPlan;
}

export const autoroute: Command<AutorouteValues, AutoroutePlan> = {
  plan: (values) => ({
    url: values.url,
    messageCount: values.messageCount,
    client: planClient(values, {
      url: urlBelow(values.url, String(values.messageCount)),
      subprotocols: values.subprotocols.flat(),
      pingIntervalSecs: values.pingIntervalSecs,
      maxMessageSize: values.maxMessageSize,
      // It measures messages, not zlib: like that of IXWebSocket, it never offers to compress, with or without -x.
      perMessageDeflate: false,
    }),
  }),

  execute: (plan, environment) =>
    withStopSignal(environment, async (stopped) => {
      const client = openClient('autoroute', plan.client, environment);
      const measurement = new Measurement(plan, client, environment);
      try {
        return await measurement.run(stopped);
      } finally {
        measurement.end();
        await client.stop();
      }
    }),
};

/** One run: from `open` to the last message. */
class Measurement {
  private readonly plan: AutoroutePlan;
  private readonly client: WebSocket;
  private readonly environment: Environment;
  private received = 0;
  private startMs = 0;
  private endMs = 0;
  private ticker: NodeJS.Timeout | undefined;

  constructor(plan: AutoroutePlan, client: WebSocket, environment: Environment) {
    this.plan = plan;
    this.client = client;
    this.environment = environment;
  }

  async run(stopped: Promise<StopSignal>): Promise<ExitCode> {
    const { client, plan } = this;
    this.print(`Connecting to ${shownUrl(plan.url)}...`);
    const complete = settleable<'complete'>();
    this.receive(() => complete.resolve('complete'));
    const connected = await Promise.race([client.connect(), stopped]);
    if (typeof connected === 'string') return exitCodeOf(connected);
    if (!connected.success) throw connectFailure('autoroute', connected.errorInfo);
    const outcome = await Promise.race([complete.promise, stopped, client.run()]);
    if (outcome === 'complete') return this.report();
    if (typeof outcome === 'string') return exitCodeOf(outcome);
    const { code, reason } = outcome;
    const why = `the connection was closed after ${this.received} of ${plan.messageCount} messages`;
    throw new CliError('autoroute', `${why} (code ${code}${reason === '' ? '' : `, ${reason}`})`);
  }

  end(): void {
    clearInterval(this.ticker);
  }

  private receive(onComplete: () => void): void {
    const { client, environment } = this;
    const { messageCount } = this.plan;
    client.setOnMessageCallback((message) => {
      if (message.type === 'message') {
        if (++this.received !== messageCount) return;
      } else if (message.type === 'open') {
        this.print('ws_autoroute: connected');
        for (const line of describeHandshake(message.openInfo.uri, message.openInfo.headers)) this.print(line);
        this.startMs = environment.elapsedMs();
        this.tick();
        if (messageCount !== 0) return;
      } else return;
      this.endMs = environment.elapsedMs();
      onComplete();
    });
  }

  private tick(): void {
    let before = 0;
    this.ticker = setInterval(() => {
      this.print(`messages received per second: ${this.received - before}`);
      before = this.received;
    }, 1000);
  }

  private async report(): Promise<ExitCode> {
    this.end();
    const elapsedMs = this.endMs - this.startMs;
    await this.client.stop();
    this.print('ws_autoroute: connection closed');
    const elapsedUs = Math.round(elapsedMs * 1000);
    writeLine(this.environment.stderr, `ws_autoroute full test completed in ${elapsedUs} us`);
    // Programs that compare implementations look for this line.
    this.print(`AUTOROUTE IXWebSocket :: ${Math.round(elapsedMs)} ms`);
    return ExitCode.Done;
  }

  private print(line: string): void {
    writeLine(this.environment.stdout, printable(line));
  }
}
