import type { Command } from '../line/command.ts';
import { type ClientPlan, openClient, planClient } from '../peers/client-access.ts';
import { withPidfile } from '../terminal/files/pidfile.ts';
import { exitCodeOf, withStopSignal } from '../terminal/stop-signal.ts';
import { PingReport } from './ping-report.ts';
import { Pinging, type PingSource } from './pinging.ts';
import type { PingValues } from './table.ts';

export interface PingPlan {
  readonly client: ClientPlan;
  /** Without credentials and query, to be shown. */
  readonly shownUrl: string;
  /** `undefined` when it depends on whether there is input. */
  readonly source: PingSource | undefined;
  readonly answerMs: number;
  readonly isQuiet: boolean;
  readonly isJson: boolean;
  readonly pidfile: string | undefined;
}

const COMMAND = 'ping';
const INTERVAL_MS = 1000;

export const ping: Command<PingValues, PingPlan> = {
  plan(values) {
    const { url, count, intervalSecs, isQuiet, isJson, pidfile } = values;
    const isByClock = count !== undefined || intervalSecs !== undefined;
    const intervalMs = intervalSecs === undefined ? INTERVAL_MS : intervalSecs * 1000;
    return {
      client: planClient(values, {
        url,
        subprotocols: values.subprotocols.flat(),
        automaticReconnection: false,
        pingIntervalSecs: -1,
        perMessageDeflate: false,
      }),
      shownUrl: withoutSecrets(url),
      source: isByClock ? { kind: 'clock', intervalMs, count } : undefined,
      answerMs: values.answerSecs * 1000,
      isQuiet,
      isJson,
      pidfile,
    };
  },

  execute: (plan, environment) =>
    withStopSignal(environment, (stopped) =>
      withPidfile(plan.pidfile, environment, async () => {
        const client = openClient(COMMAND, plan.client, environment);
        const isTyped = environment.stdin.isTTY === true;
        const byDefault: PingSource = isTyped
          ? { kind: 'clock', intervalMs: INTERVAL_MS, count: undefined }
          : { kind: 'lines' };
        const pinging = new Pinging({ url: plan.shownUrl, answerMs: plan.answerMs }, plan.source ?? byDefault, {
          client,
          report: new PingReport(environment, plan),
          environment,
        });
        void stopped.then((signal) => pinging.end(exitCodeOf(signal)));
        return pinging.run();
      }),
    ),
};

/** A user and a password, and a query that may hold a token, are not for the screen. */
function withoutSecrets(url: string): string {
  return url.replace(/^([a-z]+:\/\/)[^/?#]*@/i, '$1').replace(/[?#].*$/s, '');
}
