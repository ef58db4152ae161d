import type { ServerWebSocket, WebSocketCloseInfo, WebSocketOpenInfo } from '../../index.ts';
import type { Environment } from '../terminal/environment.ts';
import type { Log } from '../terminal/log.ts';
import { shownUrl } from '../terminal/shown-url.ts';

/** The lines of a server's log about one of its clients: who it is, what it sent and when it left. */
export class ClientLog {
  private readonly log: Log;
  private readonly environment: Environment;
  private readonly webSocket: ServerWebSocket;
  private readonly openedMs: number;
  private messages = 0;
  private bytes = 0;

  constructor(log: Log, environment: Environment, webSocket: ServerWebSocket) {
    this.log = log;
    this.environment = environment;
    this.webSocket = webSocket;
    this.openedMs = environment.elapsedMs();
  }

  opened({ uri, headers }: WebSocketOpenInfo): void {
    const { log, webSocket } = this;
    if (log.isQuiet) return;
    const ip = webSocket.state.getRemoteIp();
    const id = webSocket.state.getId();
    const userAgent = headers.get('User-Agent');
    log.event('open', 'New connection', { id, ip, uri: shownUrl(uri), userAgent });
    if (log.isJson) return;
    log.info(`remote ip: ${ip}`);
    log.info(`id: ${id}`);
    log.handshake(uri, headers);
  }

  /** A message that something else is said about. */
  counted(wireSize: number): void {
    this.messages++;
    this.bytes += wireSize;
  }

  received(wireSize: number): void {
    this.counted(wireSize);
    if (this.log.isQuiet) return;
    const id = this.webSocket.state.getId();
    this.log.event('message', `Received ${wireSize} bytes`, { id, bytes: wireSize });
  }

  closed({ code, reason }: WebSocketCloseInfo): void {
    const { log, messages, bytes } = this;
    if (log.isQuiet) return;
    const id = this.webSocket.state.getId();
    const milliseconds = Math.round(this.environment.elapsedMs() - this.openedMs);
    log.event('close', `Closed connection: client id ${id} code ${code} reason ${reason}`, {
      id,
      code,
      reason,
      messages,
      bytes,
      milliseconds,
    });
  }

  error(text: string): void {
    this.log.error(text, { id: this.webSocket.state.getId() });
  }
}
