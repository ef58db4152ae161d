import type { WebSocket, WebSocketSendFailure } from '../../index.ts';

export type Line = string | Buffer;

interface Waiter {
  readonly atMost: number;
  readonly resolve: () => void;
}

/** Lines on their way out: in order, kept while there is no connection, and no faster than the peer takes them. */
export class Outbox {
  private readonly webSocket: WebSocket;
  private readonly isBinary: boolean;
  private readonly onRefused: (failure: WebSocketSendFailure) => void;
  private readonly lines: Line[] = [];
  private waiters: Waiter[] = [];
  private isPumping = false;

  /** `onRefused` is told of lines that can never be sent. */
  constructor(webSocket: WebSocket, isBinary: boolean, onRefused: (failure: WebSocketSendFailure) => void) {
    this.webSocket = webSocket;
    this.isBinary = isBinary;
    this.onRefused = onRefused;
  }

  /** Lines that were not given to a connection yet. */
  get length(): number {
    return this.lines.length;
  }

  put(line: Line): void {
    this.lines.push(line);
    this.pump();
  }

  /** Sends what can be sent; to be called when a connection has opened. */
  pump(): void {
    if (!this.isPumping) void this.pumpAll();
  }

  /** Settles when at most so many lines are left. */
  untilAtMost(count: number): Promise<void> {
    if (this.lines.length <= count) return Promise.resolve();
    return new Promise((resolve) => {
      this.waiters.push({ atMost: count, resolve });
    });
  }

  private async pumpAll(): Promise<void> {
    const { webSocket, lines } = this;
    this.isPumping = true;
    for (let line = lines[0]; line !== undefined; line = lines[0]) {
      if (!webSocket.canSendMore) await webSocket.drain();
      const info = this.isBinary ? webSocket.sendBinary(line) : webSocket.sendText(line);
      if (!info.success && info.code === 'closed') break;
      if (!info.success && info.code === 'bufferFull') {
        await webSocket.drain();
        continue;
      }
      lines.shift();
      if (!info.success) this.onRefused(info);
      if (this.waiters.length > 0) this.wake();
    }
    this.isPumping = false;
  }

  private wake(): void {
    const left = this.lines.length;
    const woken = this.waiters.filter(({ atMost }) => left <= atMost);
    this.waiters = this.waiters.filter(({ atMost }) => left > atMost);
    for (const { resolve } of woken) resolve();
  }
}
