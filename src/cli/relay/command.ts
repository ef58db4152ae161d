import { type ServerWebSocket, WebSocketServer } from '../../index.ts';
import { RECEIVER_PROTOCOL, SENDER_PROTOCOL } from '../file-transfer/wire.ts';
import type { Command } from '../line/command.ts';
import { ClientLog } from '../peers/client-log.ts';
import { planServer, type ServerPlan, serve } from '../peers/serve.ts';
import { Log } from '../terminal/log.ts';
import { Relay } from './relay.ts';
import type { RelayValues } from './table.ts';

export interface RelayPlan {
  readonly server: ServerPlan;
}

/** `ws transfer` and `ws broadcast_server`, which differ in name only. */
export const transfer: Command<RelayValues, RelayPlan> = relayCommand('transfer');
export const broadcastServer: Command<RelayValues, RelayPlan> = relayCommand('broadcast_server');

function relayCommand(name: string): Command<RelayValues, RelayPlan> {
  return {
    plan(values) {
      const server = planServer(name, values);
      const { allowedOrigins } = values;
      return {
        server: {
          ...server,
          options: {
            ...server.options,
            // A page that is none of ours could read what is sent here, and send files.
            allowedOrigins: allowedOrigins.includes('*') ? '*' : allowedOrigins.length > 0 ? allowedOrigins : undefined,
            subprotocols: [SENDER_PROTOCOL, RECEIVER_PROTOCOL],
            pingIntervalSecs: 30,
          },
        },
      };
    },

    execute({ server: plan }, environment) {
      const log = new Log(environment, plan.isQuiet, plan.isJson);
      const relay = new Relay({
        onJoined(webSocket, role) {
          const id = webSocket.state.getId();
          log.event('joined', `Client id ${id} is a ${role}`, { id, role });
        },
        onRelayed(from, bytes, clients) {
          if (log.isQuiet) return;
          const id = from.state.getId();
          log.event('relayed', `Received ${bytes} bytes from client id ${id}, sent to ${clients} clients`, {
            id,
            bytes,
            clients,
          });
        },
        onDropped(webSocket) {
          const id = webSocket.state.getId();
          log.error(`Dropped client id ${id}, which took nothing for a minute`, { id });
        },
      });
      return serve(plan, environment, {
        createServer(options) {
          const server = new WebSocketServer(options);
          server.setOnConnectionCallback((webSocket) =>
            attach(webSocket, relay, new ClientLog(log, environment, webSocket)),
          );
          return server;
        },
      });
    },
  };
}

function attach(webSocket: ServerWebSocket, relay: Relay, log: ClientLog): void {
  webSocket.setOnMessageCallback((message) => {
    switch (message.type) {
      case 'message':
        log.counted(message.wireSize);
        relay.relay(webSocket, message);
        break;
      case 'open':
        log.opened(message.openInfo);
        relay.join(webSocket, message.openInfo.protocol);
        break;
      case 'close':
        relay.leave(webSocket);
        log.closed(message.closeInfo);
        break;
      case 'error':
        log.error(`Connection error: ${message.errorInfo.reason}`);
        break;
      default:
        break;
    }
  });
}
