import type { WebSocketConnection, WebSocketDataMessage } from '../../index.ts';

/** Passes messages of one connection on to another, no faster than they leave: meanwhile nothing more is read. */
export class Forward {
  private readonly source: WebSocketConnection;
  private readonly target: WebSocketConnection;
  private readonly held: WebSocketDataMessage[] = [];
  private isWaiting = false;

  constructor(source: WebSocketConnection, target: WebSocketConnection) {
    this.source = source;
    this.target = target;
  }

  send(message: WebSocketDataMessage): void {
    const { target, held } = this;
    if (this.isWaiting || !this.trySend(message)) held.push(message);
    if (!this.isWaiting && (held.length > 0 || !target.canSendMore)) void this.catchUp();
  }

  /** True when the message needs no more care: it was accepted, or the connection is over. */
  private trySend(message: WebSocketDataMessage): boolean {
    const info = this.target.send(message.data, message.binary);
    return info.success || info.code !== 'bufferFull';
  }

  private async catchUp(): Promise<void> {
    const { source, target, held } = this;
    this.isWaiting = true;
    source.pause();
    do {
      // A message longer than the whole buffer is accepted when the buffer is empty.
      await target.drain();
      while (held[0] !== undefined && this.trySend(held[0])) held.shift();
    } while (held.length > 0);
    this.isWaiting = false;
    source.resume();
  }
}

/** Sends messages back to where they came from. */
export class Echo extends Forward {
  constructor(webSocket: WebSocketConnection) {
    super(webSocket, webSocket);
  }
}
