import { Link, linkReconnection } from '../file-transfer/relay-link.ts';
import { RECEIVER_PROTOCOL } from '../file-transfer/wire.ts';
import type { Command } from '../line/command.ts';
import { type ClientPlan, openClient, planClient } from '../peers/client-access.ts';
import { CliError } from '../terminal/cli-errors.ts';
import { withPidfile } from '../terminal/files/pidfile.ts';
import { exitCodeOf, withStopSignal } from '../terminal/stop-signal.ts';
import { Receiving, type ReceivingPlan } from './receiving.ts';
import type { ReceiveValues } from './table.ts';

export interface ReceivePlan extends ReceivingPlan {
  readonly client: ClientPlan;
  readonly retryMs: number;
  readonly pidfile: string | undefined;
}

export const receive: Command<ReceiveValues, ReceivePlan> = {
  plan: (values) => ({
    client: planClient(values, {
      url: values.url,
      subprotocols: [RECEIVER_PROTOCOL],
      maxMessageSize: values.maxMessageSize,
      // The C++ receiver never offers it either.
      perMessageDeflate: false,
      pingIntervalSecs: 15,
      ...linkReconnection,
    }),
    url: values.url,
    folder: values.folder,
    mayReplace: values.mayReplace,
    count: values.keeps ? Number.POSITIVE_INFINITY : values.count,
    greets: values.isStreaming,
    delayMs: Math.max(0, values.delayMs),
    waitMs: values.waitSecs * 1000,
    silenceMs: values.silenceSecs * 1000,
    retryMs: values.retrySecs * 1000,
    isVerbose: values.isVerbose,
    isQuiet: values.isQuiet,
    isJson: values.isJson,
    pidfile: values.pidfile,
  }),

  execute: (plan, environment) =>
    withStopSignal(environment, (stopped) =>
      withPidfile(plan.pidfile, environment, async () => {
        const link = new Link('receive', openClient('receive', plan.client, environment), plan.retryMs);
        const receiving = new Receiving(plan, link, environment);
        const work = receiving.run();
        try {
          const outcome = await Promise.race([work, stopped, link.failed]);
          if (outcome instanceof CliError) throw outcome;
          if (typeof outcome === 'number') return outcome;
          // Without a number of transfers to wait for, a signal is how it ends.
          return plan.count === Number.POSITIVE_INFINITY ? receiving.exitCode : exitCodeOf(outcome);
        } finally {
          await receiving.end();
          await link.stop();
          await work.catch(() => undefined);
        }
      }),
    ),
};
