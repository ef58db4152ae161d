import { createHash, timingSafeEqual } from 'node:crypto';
import {
  type ServerWebSocket,
  type WebSocketMessage,
  type WebSocketOpenMessage,
  WebSocketServer,
} from '../../index.ts';
import type { Command } from '../line/command.ts';
import { ClientLog } from '../peers/client-log.ts';
import { planDeflate } from '../peers/deflate-plan.ts';
import { Echo } from '../peers/forward.ts';
import { planServer, type ServerPlan, serve } from '../peers/serve.ts';
import type { Environment } from '../terminal/environment.ts';
import { Log } from '../terminal/log.ts';
import { writeLine } from '../terminal/output.ts';
import type { EchoServerValues } from './table.ts';

export interface EchoServerPlan {
  readonly server: ServerPlan;
  readonly greets: boolean;
  /** The `Authorization` header that is wanted; `undefined` serves everybody. */
  readonly authorization: string | undefined;
  /** True to say how to talk to the server. */
  readonly explains: boolean;
}

/** Ports that `npm start` tries when 8008 is taken. */
const MORE_PORTS = 100;

export const echoServer: Command<EchoServerValues, EchoServerPlan> = {
  plan(values) {
    const server = planServer('echo_server', values);
    const options = { ...server.options, perMessageDeflate: planDeflate(values) };
    return {
      server: {
        ...server,
        options,
        nextPorts: values.isStart ? MORE_PORTS : 0,
        isGuarded: server.isGuarded || values.authorization !== undefined,
      },
      greets: values.greets,
      authorization: values.authorization,
      explains: values.isStart,
    };
  },

  execute(plan, environment) {
    const log = new Log(environment, plan.server.isQuiet, plan.server.isJson);
    return serve(plan.server, environment, {
      createServer(options) {
        const server = new WebSocketServer(options);
        server.setOnConnectionCallback((webSocket) => {
          const client = new EchoClient(webSocket, plan, new ClientLog(log, environment, webSocket));
          webSocket.setOnMessageCallback((message) => client.onMessage(message));
        });
        return server;
      },
      onListening(url) {
        if (plan.explains) explain(url, environment);
      },
    });
  },
};

/** One client of the server. */
class EchoClient {
  private readonly webSocket: ServerWebSocket;
  private readonly plan: EchoServerPlan;
  private readonly log: ClientLog;
  private readonly echo: Echo;
  private isServed = false;

  constructor(webSocket: ServerWebSocket, plan: EchoServerPlan, log: ClientLog) {
    this.webSocket = webSocket;
    this.plan = plan;
    this.log = log;
    this.echo = new Echo(webSocket);
  }

  onMessage(message: WebSocketMessage): void {
    const { log } = this;
    switch (message.type) {
      case 'message':
        log.received(message.wireSize);
        if (this.isServed) this.echo.send(message);
        break;
      case 'open':
        this.onOpen(message);
        break;
      case 'close':
        log.closed(message.closeInfo);
        break;
      case 'error':
        log.error(`Connection error: ${message.errorInfo.reason}`);
        break;
      default:
        break;
    }
  }

  private onOpen({ openInfo }: WebSocketOpenMessage): void {
    const { log, plan, webSocket } = this;
    log.opened(openInfo);
    if (plan.authorization !== undefined) {
      if (!isSameSecret(openInfo.headers.get('authorization') ?? '', plan.authorization)) {
        webSocket.close(4001, 'Permission denied');
        return;
      }
      // Spelled as clients of IXWebSocket know it.
      webSocket.send('Authorization suceeded!');
    }
    this.isServed = true;
    if (plan.greets) webSocket.send('Welcome !');
  }
}

/** Compares such that the time taken says nothing about how much was right. */
function isSameSecret(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text, 'latin1').digest();
  return timingSafeEqual(digest(given), digest(expected));
}

function explain(url: string, environment: Environment): void {
  const lines = [
    '',
    'From another terminal:',
    `  npx ws connect ${url}`,
    '',
    'From the console of a browser:',
    `  s = new WebSocket('${url}'); s.onmessage = (e) => console.log(e.data); s.onopen = () => s.send('hello')`,
    '',
    'Ctrl-C stops the server.',
    '',
  ];
  for (const line of lines) writeLine(environment.stdout, line);
}
