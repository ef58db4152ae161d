import { isIP } from 'node:net';
import { Conversation, type ConversationPlan } from '../conversation/conversation.ts';
import { PlainDialect } from '../conversation/dialect.ts';
import type { Link } from '../conversation/link.ts';
import type { Screen } from '../conversation/screen.ts';
import type { Command } from '../line/command.ts';
import { type ClientPlan, openClient, planClient } from '../peers/client-access.ts';
import { planDeflate } from '../peers/deflate-plan.ts';
import type { ServerOptions } from '../peers/serve.ts';
import { planTls, withPassphrase } from '../peers/tls-plan.ts';
import { openScreen } from '../screens/open-screen.ts';
import { planView, type ViewPlan } from '../screens/view-plan.ts';
import { WrongUsage } from '../terminal/cli-errors.ts';
import type { Environment } from '../terminal/environment.ts';
import { ExitCode } from '../terminal/exit-codes.ts';
import { withPidfile } from '../terminal/files/pidfile.ts';
import type { Secret } from '../terminal/files/secrets.ts';
import { exitCodeOf, withStopSignal } from '../terminal/stop-signal.ts';
import { ListenLink } from './listen-link.ts';
import type { ConnectValues } from './table.ts';

export interface ConnectPlan {
  /** The other side: a server to connect to, or where to wait for a client. */
  readonly peer:
    | { readonly kind: 'server'; readonly url: string; readonly client: ClientPlan }
    | { readonly kind: 'client'; readonly server: ServerOptions; readonly keyPassphrase: Secret | undefined };
  readonly conversation: ConversationPlan;
  readonly isBinary: boolean;
  readonly gunzips: boolean;
  /** Sent in place of the input. */
  readonly messages: readonly string[];
  readonly view: ViewPlan;
  readonly pidfile: string | undefined;
}

const COMMAND = 'connect';

export const connect: Command<ConnectValues, ConnectPlan> = {
  plan(values) {
    const { maxMessageSize, messages, count, isBinary, gunzips, isLiteral, pidfile } = values;
    // Without an end of their own, messages that are counted are waited for.
    const waitSecs = values.waitSecs ?? (count === undefined ? 1 : Number.POSITIVE_INFINITY);
    return {
      peer: planPeer(values),
      conversation: {
        command: COMMAND,
        reconnects: !values.withoutReconnection,
        maxMessageSize,
        waitMs: waitSecs * 1000,
        count,
        isLiteral,
        isTrusted: messages.length > 0,
        isServer: values.listen !== undefined,
      },
      isBinary,
      gunzips,
      messages,
      view: planView(values, {
        binaryOutput: values.binaryOutput,
        label: 'ws_connect',
        prompt: '> ',
        keepsHistory: !values.withoutHistory,
      }),
      pidfile,
    };
  },

  execute: (plan, environment) =>
    withStopSignal(environment, (stopped) =>
      withPidfile(plan.pidfile, environment, async () => {
        const link = await openLink(plan, environment);
        const screen = openScreen(environment, plan.view, plan.messages, () => conversation.end(ExitCode.Interrupted));
        const { maxMessageSize } = plan.conversation;
        const conversation = new Conversation(plan.conversation, {
          link,
          screen,
          dialect: new PlainDialect({ isBinary: plan.isBinary, gunzips: plan.gunzips, maxMessageSize }),
          elapsedMs: () => environment.elapsedMs(),
        });
        announce(plan, link, screen);
        if (plan.view.isVerbose) link.onFrame((frame) => screen.tell({ type: 'frame', frame }));
        void stopped.then((signal) => conversation.end(exitCodeOf(signal)));
        const code = await conversation.run();
        if (link instanceof ListenLink) await link.end();
        return code;
      }),
    ),
};

function planPeer(values: ConnectValues): ConnectPlan['peer'] {
  const { url, listen } = values;
  if (listen !== undefined) {
    return { kind: 'client', server: planServer(values, listen), keyPassphrase: values.keyPassphrase };
  }
  if (url === undefined) throw withoutUrl(values.messages);
  return {
    kind: 'server',
    url,
    client: planClient(values, {
      url,
      subprotocols: values.subprotocols.flat(),
      automaticReconnection: !values.withoutReconnection,
      maxWaitBetweenReconnectionRetries: values.maxWaitMs,
      pingIntervalSecs: values.pingIntervalSecs,
      maxMessageSize: values.maxMessageSize,
      perMessageDeflate: planDeflate(values),
    }),
  };
}

/** In the C++ command `-x` switches compression off, and takes no message. */
function withoutUrl(messages: readonly string[]): WrongUsage {
  const isTaken = messages.some((message) => /^wss?:\/\//.test(message));
  const hint = isTaken ? '-x takes a message to send; --disable-per-message-deflate is the switch.' : undefined;
  return new WrongUsage(COMMAND, "missing required argument 'url'", hint);
}

function planServer(values: ConnectValues, { host, port }: NonNullable<ConnectValues['listen']>): ServerOptions {
  const { url, headers, user, proxy } = values;
  const stray = Object.entries({ url, '--user': user, '--proxy': proxy, '--header': headers[0] });
  const [name] = stray.find(([, given]) => given !== undefined) ?? [];
  if (name !== undefined) throw new WrongUsage(COMMAND, `--listen waits for a client, so ${name} has no place`);
  return {
    host,
    port,
    addressFamily: isIP(host) === 6 ? 6 : 4,
    subprotocols: values.subprotocols.flat(),
    pingIntervalSecs: values.pingIntervalSecs,
    maxMessageSize: values.maxMessageSize,
    maxUnfinishedBytes: 2 * values.maxMessageSize,
    perMessageDeflate: planDeflate(values),
    tlsOptions: planTls(values),
  };
}

/** The connection, which is not made yet. */
async function openLink({ peer }: ConnectPlan, environment: Environment): Promise<Link> {
  if (peer.kind === 'server') return openClient(COMMAND, peer.client, environment);
  const { server, keyPassphrase } = peer;
  const tlsOptions = withPassphrase(server.tlsOptions, keyPassphrase, COMMAND, environment);
  return ListenLink.listen(COMMAND, { ...server, tlsOptions });
}

function announce({ peer }: ConnectPlan, link: Link, screen: Screen): void {
  if (peer.kind === 'server' || !(link instanceof ListenLink)) return;
  const { host, tlsOptions } = peer.server;
  const scheme = tlsOptions?.tls === true ? 'wss' : 'ws';
  screen.tell({ type: 'listening', url: `${scheme}://${isIP(host) === 6 ? `[${host}]` : host}:${link.port}/` });
}
