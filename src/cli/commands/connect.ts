import type { WebSocketOptions } from '../../index.ts';
import { createClient } from '../client.ts';
import type { Command } from '../command.ts';
import { Conversation, type ConversationPlan } from '../connect/conversation.ts';
import { openScreen } from '../connect/screen.ts';
import { planDeflate } from '../deflate.ts';
import { ExitCode } from '../exit-codes.ts';
import { withPidfile } from '../pidfile.ts';
import { exitCodeOf, withStopSignal } from '../stop-signal.ts';
import type { ConnectValues } from '../tables/connect.ts';
import { planTls } from '../tls.ts';

export interface ConnectPlan {
  readonly client: WebSocketOptions;
  readonly conversation: ConversationPlan;
  readonly pidfile: string | undefined;
}

export const connect: Command<ConnectValues, ConnectPlan> = {
  plan(values) {
    const { maxMessageSize } = values;
    const reconnects = !values.withoutReconnection;
    return {
      client: {
        url: values.url,
        extraHeaders: values.headers,
        subprotocols: values.subprotocols.flat(),
        automaticReconnection: reconnects,
        maxWaitBetweenReconnectionRetries: values.maxWaitMs,
        pingIntervalSecs: values.pingIntervalSecs,
        maxMessageSize,
        tlsOptions: planTls(values),
        perMessageDeflate: planDeflate(values),
        proxy: values.proxy,
      },
      conversation: {
        isBinary: values.isBinary,
        gunzips: values.gunzips,
        reconnects,
        maxMessageSize,
        waitMs: values.waitSecs * 1000,
      },
      pidfile: values.pidfile,
    };
  },

  execute: (plan, environment) =>
    withStopSignal(environment, (stopped) =>
      withPidfile(plan.pidfile, environment, async () => {
        const client = createClient('connect', plan.client);
        const screen = openScreen(environment, () => conversation.end(ExitCode.Interrupted));
        const conversation = new Conversation(plan.conversation, client, screen);
        void stopped.then((signal) => conversation.end(exitCodeOf(signal)));
        return conversation.run();
      }),
    ),
};
