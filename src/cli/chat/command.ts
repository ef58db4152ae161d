import { Conversation, type ConversationPlan } from '../conversation/conversation.ts';
import type { Command } from '../line/command.ts';
import { type ClientPlan, openClient, planClient } from '../peers/client-access.ts';
import { openScreen } from '../screens/open-screen.ts';
import { planView, type ViewPlan } from '../screens/view-plan.ts';
import { ExitCode } from '../terminal/exit-codes.ts';
import { withPidfile } from '../terminal/files/pidfile.ts';
import { printable } from '../terminal/output.ts';
import { exitCodeOf, withStopSignal } from '../terminal/stop-signal.ts';
import { ChatDialect } from './chat-dialect.ts';
import type { ChatValues } from './table.ts';

export interface ChatPlan {
  readonly client: ClientPlan;
  readonly conversation: ConversationPlan;
  readonly name: string;
  readonly announces: boolean;
  readonly view: ViewPlan;
  readonly pidfile: string | undefined;
}

const COMMAND = 'chat';

export const chat: Command<ChatValues, ChatPlan> = {
  plan(values) {
    const { url, name, maxMessageSize, pingIntervalSecs } = values;
    return {
      client: planClient(values, {
        url,
        subprotocols: values.subprotocols.flat(),
        pingIntervalSecs,
        maxMessageSize,
        perMessageDeflate: false,
      }),
      conversation: {
        command: COMMAND,
        reconnects: true,
        maxMessageSize,
        waitMs: values.waitSecs * 1000,
        count: undefined,
        isLiteral: false,
        isTrusted: false,
        isServer: false,
      },
      name,
      announces: !values.isSilent,
      view: planView(values, {
        binaryOutput: undefined,
        label: 'ws chat',
        prompt: `${printable(name)} > `,
        keepsHistory: false,
      }),
      pidfile: values.pidfile,
    };
  },

  execute: (plan, environment) =>
    withStopSignal(environment, (stopped) =>
      withPidfile(plan.pidfile, environment, async () => {
        const link = openClient(COMMAND, plan.client, environment);
        const screen = openScreen(environment, plan.view, [], () => conversation.end(ExitCode.Interrupted));
        const conversation = new Conversation(plan.conversation, {
          link,
          screen,
          dialect: new ChatDialect(plan.name, plan.announces),
          elapsedMs: () => environment.elapsedMs(),
        });
        if (plan.view.isVerbose) link.onFrame((frame) => screen.tell({ type: 'frame', frame }));
        void stopped.then((signal) => conversation.end(exitCodeOf(signal)));
        return conversation.run();
      }),
    ),
};
