import type { WebSocketConnection, WebSocketDataMessage } from '../index.ts';

/** Sends messages back to where they came from, no faster than they leave: meanwhile nothing more is read. */
export class Echo {
  private readonly webSocket: WebSocketConnection;
  private readonly held: WebSocketDataMessage[] = [];
  private isWaiting = false;

  constructor(webSocket: WebSocketConnection) {
    this.webSocket = webSocket;
  }

  send(message: WebSocketDataMessage): void {
    const { webSocket, held } = this;
    if (this.isWaiting || !this.trySend(message)) held.push(message);
    if (!this.isWaiting && (held.length > 0 || !webSocket.canSendMore)) void this.catchUp();
  }

  /** Whether the message needs no more care: it was accepted, or the connection is over. */
  private trySend(message: WebSocketDataMessage): boolean {
    const info = this.webSocket.send(message.data, message.binary);
    return info.success || info.code !== 'bufferFull';
  }

  private async catchUp(): Promise<void> {
    const { webSocket, held } = this;
    this.isWaiting = true;
    webSocket.pause();
    do {
      // A message longer than the whole buffer is accepted when the buffer is empty.
      await webSocket.drain();
      while (held[0] !== undefined && this.trySend(held[0])) held.shift();
    } while (held.length > 0);
    this.isWaiting = false;
    webSocket.resume();
  }
}
