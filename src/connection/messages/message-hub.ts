import { UsageError } from '../../errors.ts';
import { afterThisTurn } from '../../platform/turn.ts';
import { assertNever } from '../../util/assert.ts';
import { AsyncQueue } from '../../util/async-queue.ts';
import { watchRejection } from '../../util/call-safely.ts';
import { TypedEmitter } from '../../util/emitter.ts';
import type { WebSocketDataMessage, WebSocketMessage, WebSocketMessageType } from './messages.ts';

/** Sees everything that happens on a connection. What it returns is not awaited. */
export type OnMessageCallback = (message: WebSocketMessage) => unknown;

/** The messages of one type. */
export type MessageOf<T extends WebSocketMessageType> = Extract<WebSocketMessage, { type: T }>;

type MessageEvents = { [T in WebSocketMessageType]: [MessageOf<T>] };

/** The bounds of what is kept for a consumer that has not come, or is slower than the peer, before reading stops. */
const MAX_WAITING_MESSAGES = 64;
const MAX_WAITING_BYTES = 1024 * 1024;

/** The messages that arrived while nobody could have attached anything yet. */
interface HeldMessages {
  readonly messages: WebSocketMessage[];
  bytes: number;
}

/** The connection that a {@link MessageHub} serves. */
export interface MessageHubOwner {
  /** A callback has thrown or rejected. */
  onCallbackError(error: unknown): void;
  /** Reading should stop, or may go on. */
  onReadingWanted(isWanted: boolean): void;
  /** True when the server has a callback for all of its connections. It comes before the connection's own. */
  readonly hasServerCallback: boolean;
  callServer(message: WebSocketMessage): unknown;
}

/**
 * The one way of messages to those who want them: a callback, listeners by type, and an async iterator.
 *
 * A connection may be open before anybody has had the chance to attach anything: `await connect()` continues only
 * after `open` was delivered. So what arrives in that turn of the event loop is held until the turn is over.
 */
export class MessageHub {
  /** Messages that arrived while nobody wanted them. */
  unconsumedMessages = 0;
  private callback: OnMessageCallback | undefined;
  private emitter: TypedEmitter<MessageEvents> | undefined;
  private queue: AsyncQueue<WebSocketDataMessage> | undefined;
  private held: HeldMessages | undefined;
  private isOver = false;
  private readonly owner: MessageHubOwner;

  constructor(owner: MessageHubOwner) {
    this.owner = owner;
  }

  get hasCallback(): boolean {
    return this.callback !== undefined;
  }

  setCallback(callback: OnMessageCallback | undefined): void {
    this.callback = callback;
  }

  on<T extends WebSocketMessageType>(type: T, listener: (message: MessageOf<T>) => unknown): void {
    this.emitter ??= new TypedEmitter<MessageEvents>((error) => this.onError(error));
    this.emitter.on(type, listener);
  }

  off<T extends WebSocketMessageType>(type: T, listener: (message: MessageOf<T>) => unknown): void {
    this.emitter?.off(type, listener);
  }

  /** Tells if an event of this type would be seen, so that none is made for nobody. */
  wants(type: WebSocketMessageType): boolean {
    if (this.callback !== undefined || this.owner.hasServerCallback) return true;
    return this.emitter !== undefined && this.emitter.listenerCount(type) > 0;
  }

  /** Gives a message to everybody who wants it. */
  deliver(message: WebSocketMessage): void {
    if (this.held !== undefined) {
      this.hold(message);
      return;
    }
    this.dispatch(message);
    if (message.type === 'open' && !this.hasMessageConsumer) this.beginHolding();
  }

  /** The messages from now on, one at a time; the peer is slowed down to the pace of the consumer. */
  iterate(): AsyncIterableIterator<WebSocketDataMessage> {
    if (this.queue !== undefined) {
      throw new UsageError('asyncIterator', 'messages are being iterated already; only one loop at a time');
    }
    const queue = new AsyncQueue<WebSocketDataMessage>({
      maxItems: MAX_WAITING_MESSAGES,
      maxBytes: MAX_WAITING_BYTES,
      onFull: () => this.owner.onReadingWanted(false),
      onDrained: () => {
        if (this.queue === queue) this.owner.onReadingWanted(true);
      },
    });
    if (this.isOver) queue.end();
    else this.queue = queue;
    const detach = (): Promise<IteratorResult<WebSocketDataMessage, undefined>> => {
      queue.end();
      queue.clear();
      if (this.queue === queue) this.queue = undefined;
      return Promise.resolve({ value: undefined, done: true });
    };
    return {
      next: () => queue.take(),
      return: detach,
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /** No message will come any more: loops end when they have taken what is there. `forGood` also those to come. */
  end(forGood = false): void {
    this.isOver = forGood;
    this.queue?.end();
    this.queue = undefined;
    // Messages that a loop had not taken must not keep the next connection from being read.
    this.owner.onReadingWanted(true);
  }

  private get hasMessageConsumer(): boolean {
    return this.queue !== undefined || this.wants('message');
  }

  private dispatch(message: WebSocketMessage): void {
    const { owner, callback, emitter, queue } = this;
    if (owner.hasServerCallback) this.callServer(message);
    if (callback !== undefined) this.call(callback, message);
    if (emitter !== undefined) emit(emitter, message);
    if (message.type !== 'message') return;
    if (queue !== undefined) queue.push(message, message.data.length);
    else if (!this.wants('message')) this.unconsumedMessages++;
  }

  /** Not {@link callSafely}: this is the hot path, and wants no closure. */
  private call(callback: OnMessageCallback, message: WebSocketMessage): void {
    try {
      this.watch(callback(message));
    } catch (error) {
      this.onError(error);
    }
  }

  private callServer(message: WebSocketMessage): void {
    try {
      this.watch(this.owner.callServer(message));
    } catch (error) {
      this.onError(error);
    }
  }

  private watch(result: unknown): void {
    if (typeof result === 'object' && result !== null) watchRejection(result, (error) => this.onError(error));
  }

  /** Errors of the user's own code; they never reach the connection. */
  onError(error: unknown): void {
    this.owner.onCallbackError(error);
  }

  private beginHolding(): void {
    this.held = { messages: [], bytes: 0 };
    afterThisTurn(() => this.releaseHeld());
  }

  private hold(message: WebSocketMessage): void {
    const { held } = this;
    if (held === undefined) return;
    held.messages.push(message);
    if (message.type === 'message') held.bytes += message.data.length;
    if (isFull(held)) this.owner.onReadingWanted(false);
  }

  private releaseHeld(): void {
    const { held } = this;
    this.held = undefined;
    if (held === undefined) return;
    for (const message of held.messages) this.dispatch(message);
    if (isFull(held) && this.queue?.isFull !== true) this.owner.onReadingWanted(true);
  }
}

function isFull({ messages, bytes }: HeldMessages): boolean {
  return messages.length >= MAX_WAITING_MESSAGES || bytes >= MAX_WAITING_BYTES;
}

function emit(emitter: TypedEmitter<MessageEvents>, message: WebSocketMessage): void {
  switch (message.type) {
    case 'message':
      emitter.emit('message', message);
      break;
    case 'open':
      emitter.emit('open', message);
      break;
    case 'close':
      emitter.emit('close', message);
      break;
    case 'error':
      emitter.emit('error', message);
      break;
    case 'ping':
      emitter.emit('ping', message);
      break;
    case 'pong':
      emitter.emit('pong', message);
      break;
    case 'fragment':
      emitter.emit('fragment', message);
      break;
    case 'dropped':
      emitter.emit('dropped', message);
      break;
    default:
      assertNever(message);
  }
}
