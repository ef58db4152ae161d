import {
  type ServerWebSocket,
  type WebSocketMessage,
  type WebSocketOpenMessage,
  WebSocketServer,
} from '../../index.ts';
import type { Command } from '../line/command.ts';
import { ClientLog } from '../peers/client-log.ts';
import { Echo } from '../peers/forward.ts';
import { planServer, type ServerPlan, serve } from '../peers/serve.ts';
import { Log } from '../terminal/log.ts';
import { settleable } from '../terminal/settleable.ts';
import { push } from './push.ts';
import type { PushServerValues } from './table.ts';

export interface PushServerPlan {
  readonly server: ServerPlan;
  readonly message: string;
}

export const pushServer: Command<PushServerValues, PushServerPlan> = {
  plan: (values) => ({
    server: planServer('push_server', values),
    message: values.message,
  }),

  execute(plan, environment) {
    const log = new Log(environment, plan.server.isQuiet, plan.server.isJson);
    const finished = settleable<void>();
    return serve(plan.server, environment, {
      createServer(options) {
        const server = new WebSocketServer(options);
        server.setOnConnectionCallback((webSocket) => {
          const client = new PushClient(
            webSocket,
            plan.message,
            new ClientLog(log, environment, webSocket),
            finished.resolve,
          );
          webSocket.setOnMessageCallback((message) => client.onMessage(message));
        });
        return server;
      },
      finished: finished.promise,
    });
  },
};

const LARGEST_COUNT = 2 ** 31 - 1;

/**
 * The number behind the first character of a URI, as C++ streams read an `int`: `/3abc` is 3, `/abc` is 0. When there
 * is nothing to read, it is `undefined`.
 */
export function countOf(uri: string): number | undefined {
  const text = uri.slice(1);
  if (text === '') return undefined;
  const digits = /^\s*([+-]?\d+)/.exec(text)?.[1];
  return digits === undefined ? 0 : Math.min(Number(digits), LARGEST_COUNT);
}

/** One client of the server. */
class PushClient {
  private readonly webSocket: ServerWebSocket;
  private readonly text: string;
  private readonly log: ClientLog;
  private readonly onClosed: () => void;
  private readonly echo: Echo;

  constructor(webSocket: ServerWebSocket, text: string, log: ClientLog, onClosed: () => void) {
    this.webSocket = webSocket;
    this.text = text;
    this.log = log;
    this.onClosed = onClosed;
    this.echo = new Echo(webSocket);
  }

  onMessage(message: WebSocketMessage): void {
    const { log } = this;
    switch (message.type) {
      case 'message':
        log.received(message.wireSize);
        this.echo.send(message);
        break;
      case 'open':
        this.onOpen(message);
        break;
      case 'close':
        log.closed(message.closeInfo);
        this.onClosed();
        break;
      case 'error':
        log.error(`Connection error: ${message.errorInfo.reason}`);
        break;
      default:
        break;
    }
  }

  private onOpen({ openInfo }: WebSocketOpenMessage): void {
    const { log, webSocket } = this;
    log.opened(openInfo);
    const count = countOf(openInfo.uri);
    if (count === undefined) {
      log.error('Error parsing message count, closing connection');
      webSocket.close();
      return;
    }
    void this.push(count);
  }

  private async push(count: number): Promise<void> {
    if (await push(this.webSocket, this.text, count)) return;
    this.log.error('Error sending message, closing connection');
    this.webSocket.close();
  }
}
