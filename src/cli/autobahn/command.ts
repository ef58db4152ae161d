import type { WebSocket, WebSocketDataMessage, WebSocketOptions } from '../../index.ts';
import type { Command } from '../line/command.ts';
import { connectFailure, createClient, urlBelow } from '../peers/create-client.ts';
import { Echo } from '../peers/forward.ts';
import { CliError } from '../terminal/cli-errors.ts';
import type { Environment, StopSignal } from '../terminal/environment.ts';
import { ExitCode } from '../terminal/exit-codes.ts';
import { Log } from '../terminal/log.ts';
import { shownUrl } from '../terminal/shown-url.ts';
import { exitCodeOf, withStopSignal } from '../terminal/stop-signal.ts';
import type { AutobahnValues } from './table.ts';

export interface AutobahnPlan {
  readonly url: string;
  readonly isQuiet: boolean;
  readonly timeoutMs: number;
  readonly client: WebSocketOptions;
}

/** The name under which the server reports. */
const AGENT = 'ixwebsocket';

export const autobahn: Command<AutobahnValues, AutobahnPlan> = {
  plan: (values) => ({
    url: values.url,
    isQuiet: values.isQuiet,
    timeoutMs: values.timeoutSecs * 1000,
    // Some cases are long messages in very short fragments.
    client: { maxMessageSize: values.maxMessageSize, maxFragments: values.maxMessageSize },
  }),

  execute: (plan, environment) =>
    withStopSignal(environment, async (stopped) => {
      const suite = new Suite(plan, environment);
      const outcome = await Promise.race([suite.run(), stopped]);
      if (typeof outcome === 'number') return outcome;
      suite.abandon();
      return exitCodeOf(outcome satisfies StopSignal);
    }),
};

/** The outcome of one connection to the test server. */
type Outcome = 'ended' | 'silent';

/** The conversation with a test server: how many cases there are, each of them, and the request to write reports. */
class Suite {
  private readonly plan: AutobahnPlan;
  private readonly log: Log;
  private current: WebSocket | undefined;
  private isAbandoned = false;

  constructor(plan: AutobahnPlan, environment: Environment) {
    this.plan = plan;
    this.log = new Log(environment, plan.isQuiet);
  }

  async run(): Promise<ExitCode> {
    const { log } = this;
    const count = await this.countCases();
    log.info(`Test cases count: ${count}`);
    let exitCode: ExitCode = ExitCode.Done;
    for (let number = 1; number <= count && !this.isAbandoned; number++) {
      log.info(`Execute test case ${number}`);
      if ((await this.runCase(number)) === 'ended') continue;
      log.error(`Test case ${number} was given up: there was no message for ${this.plan.timeoutMs / 1000} s`);
      exitCode = ExitCode.Failed;
    }
    if (this.isAbandoned) return exitCode;
    await this.converse(`updateReports?agent=${AGENT}`, () => () => undefined);
    log.info('Report generated');
    return exitCode;
  }

  /** Ends what is under way. */
  abandon(): void {
    this.isAbandoned = true;
    this.current?.terminate();
    this.current?.close();
  }

  private async countCases(): Promise<number> {
    let answer = '';
    await this.converse('getCaseCount', () => (message) => {
      if (!message.binary) answer = message.data;
    });
    if (/^\d{1,9}$/.test(answer.trim())) return Number(answer);
    throw new CliError('autobahn', `Cannot retrieve test case count at url ${shownUrl(this.plan.url)}`);
  }

  private runCase(number: number): Promise<Outcome> {
    return this.converse(`runCase?case=${number}&agent=${AGENT}`, (client) => {
      const echo = new Echo(client);
      return (message) => echo.send(message);
    });
  }

  /** One connection, from its start to its end; it ends as well when there is silence for too long. */
  private async converse(
    path: string,
    begin: (client: WebSocket) => (message: WebSocketDataMessage) => void,
  ): Promise<Outcome> {
    const { plan } = this;
    const client = createClient('autobahn', { ...plan.client, url: urlBelow(plan.url, path) });
    this.current = client;
    const onData = begin(client);
    let outcome: Outcome = 'ended';
    const silence = setTimeout(() => {
      outcome = 'silent';
      client.terminate();
    }, plan.timeoutMs);
    client.setOnMessageCallback((message) => {
      silence.refresh();
      if (message.type === 'message') onData(message);
    });
    try {
      const connected = await client.connect();
      if (!connected.success && !this.isAbandoned) throw connectFailure('autobahn', connected.errorInfo);
      await client.run();
    } finally {
      clearTimeout(silence);
    }
    return outcome;
  }
}
