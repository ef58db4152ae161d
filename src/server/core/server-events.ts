import { channel } from 'node:diagnostics_channel';
import type { WebSocketCloseInfo } from '../../connection/messages/messages.ts';

const open = channel('ixwebsocket:server.open');
const close = channel('ixwebsocket:server.close');
const refusal = channel('ixwebsocket:server.refusal');
const error = channel('ixwebsocket:server.error');

/**
 * The news of servers for the subscribers of `node:diagnostics_channel`, for tools that watch all servers of a process
 * without having made them. Nobody who listens costs nothing but a look at whether anybody does.
 */
export class ServerEvents {
  readonly refused: Map<string, number> = new Map<string, number>();
  accepted = 0;
  /** The public object that subscribers are told of. */
  server: object | undefined;

  onOpen(webSocket: object): void {
    this.accepted++;
    if (open.hasSubscribers) open.publish({ server: this.server, webSocket });
  }

  onClose(webSocket: object, closeInfo: WebSocketCloseInfo): void {
    if (close.hasSubscribers) close.publish({ server: this.server, webSocket, closeInfo });
  }

  /** `status` is 0 where there was no request to answer. */
  onRefusal(code: string, status: number, remoteIp: string): void {
    this.refused.set(code, (this.refused.get(code) ?? 0) + 1);
    if (refusal.hasSubscribers) refusal.publish({ server: this.server, code, status, remoteIp });
  }

  onError(reason: unknown): void {
    if (error.hasSubscribers) error.publish({ server: this.server, error: reason });
  }
}
