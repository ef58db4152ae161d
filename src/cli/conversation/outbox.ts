import type { WebSocketSendFailure } from '../../index.ts';
import type { Link } from './link.ts';
import type { Traffic } from './traffic.ts';

export type Line = string | Buffer;

/** Data to be sent, and its kind. */
export interface Outgoing {
  readonly data: Line;
  readonly isBinary: boolean;
}

interface Waiter {
  readonly atMost: number;
  readonly resolve: () => void;
}

/** Messages on their way out: in order, kept while there is no connection, and no faster than the peer takes them. */
export class Outbox {
  private readonly link: Link;
  private readonly traffic: Traffic;
  private readonly onRefused: (failure: WebSocketSendFailure) => void;
  private readonly messages: Outgoing[] = [];
  private waiters: Waiter[] = [];
  private isPumping = false;

  /** `onRefused` is told of messages that can never be sent. */
  constructor(link: Link, traffic: Traffic, onRefused: (failure: WebSocketSendFailure) => void) {
    this.link = link;
    this.traffic = traffic;
    this.onRefused = onRefused;
  }

  /** Messages that were not given to a connection yet. */
  get length(): number {
    return this.messages.length;
  }

  put(message: Outgoing): void {
    this.messages.push(message);
    this.pump();
  }

  /** Sends what can be sent; to be called when a connection has opened. */
  pump(): void {
    if (!this.isPumping) void this.pumpAll();
  }

  /** Settles when at most so many messages are left. */
  untilAtMost(count: number): Promise<void> {
    if (this.messages.length <= count) return Promise.resolve();
    return new Promise((resolve) => {
      this.waiters.push({ atMost: count, resolve });
    });
  }

  private async pumpAll(): Promise<void> {
    const { link, messages } = this;
    this.isPumping = true;
    for (let message = messages[0]; message !== undefined; message = messages[0]) {
      if (!link.canSendMore) await link.drain();
      const info = message.isBinary ? link.sendBinary(message.data) : link.sendText(message.data);
      if (!info.success && info.code === 'closed') break;
      if (!info.success && info.code === 'bufferFull') {
        await link.drain();
        continue;
      }
      messages.shift();
      if (info.success) this.traffic.onSent(info.payloadSize);
      else this.onRefused(info);
      if (this.waiters.length > 0) this.wake();
    }
    this.isPumping = false;
  }

  private wake(): void {
    const left = this.messages.length;
    const woken = this.waiters.filter(({ atMost }) => left <= atMost);
    this.waiters = this.waiters.filter(({ atMost }) => left > atMost);
    for (const { resolve } of woken) resolve();
  }
}
