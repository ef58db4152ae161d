import type { PerMessageDeflate } from '../../protocol/websocket/deflate/per-message-deflate.ts';
import type { Endpoint } from '../../protocol/websocket/endpoint.ts';
import { NOT_COMPRESSED } from '../../protocol/websocket/endpoint.ts';
import { MAX_CONTROL_PAYLOAD_BYTES } from '../../protocol/websocket/frames/opcodes.ts';
import { PreparedMessage } from '../../protocol/websocket/frames/prepared-message.ts';
import { utf8Length } from '../../protocol/websocket/text/text.ts';
import type { BatchWriter } from '../../transport/batch-writer.ts';
import { OutputWatch } from '../../transport/output-watch.ts';
import type { SlowConsumerPolicy } from '../connection-limits.ts';
import type { SessionContext } from '../session/session-context.ts';
import { DrainWaiters } from './drain-waiters.ts';
import { type OnProgress, ProgressSender, type ProgressSenderHost } from './progress-sender.ts';
import { RoomWaiters } from './room-waiters.ts';
import { accepted, notSent, outcomeOf, sent, type WebSocketSendInfo } from './send-data.ts';
import { type HeldMessage, SendQueue } from './send-queue.ts';

/** The session around a {@link SessionSender}. */
export interface SessionSenderHost {
  readonly isOpen: boolean;
  readonly isClosed: boolean;
  readonly context: SessionContext;
  readonly endpoint: Endpoint;
  readonly writer: BatchWriter;
  readonly deflate: PerMessageDeflate | undefined;
  /** Nothing waits above the writer any more. */
  onIdle(): void;
  /** A send with progress was cancelled after its first fragment had left. */
  onCancelled(): void;
  /** The peer does not read fast enough, and the policy is to close. */
  onSlowConsumer(): void;
  /** Nothing has left for as long as `sendTimeoutSecs`. */
  onSendTimeout(): void;
  onDropped(payloadSize: number): void;
}

/** Up to this length bytes that have to wait are copied, as those that do not wait are. */
const COPIED_BYTES = 16 * 1024;

/**
 * The sending side of a session: what is accepted, what has to wait, and what becomes of it when the peer does not
 * read fast enough. Frames wait in the writer. Messages that may still be dropped or replaced wait here, in front of
 * the compressor, and are encoded when the socket takes them.
 */
export class SessionSender implements ProgressSenderHost {
  readonly endpoint: Endpoint;
  readonly writer: BatchWriter;
  policy: SlowConsumerPolicy;
  maxBufferedBytes: number;
  private readonly host: SessionSenderHost;
  private isAboveHighWater = false;
  private drainWaiters: DrainWaiters | undefined;
  private roomWaiters: RoomWaiters | undefined;
  private progressSender: ProgressSender | undefined;
  /** There is one when the policy drops or replaces what was accepted. */
  private queue: SendQueue | undefined;
  private watch: OutputWatch | undefined;
  /** Bytes that are in the account of the server. */
  private countedBytes = 0;
  private isCounted: boolean;

  constructor(host: SessionSenderHost) {
    const { context, endpoint, writer } = host;
    this.host = host;
    this.endpoint = endpoint;
    this.isCounted = context.sendAccount !== undefined;
    this.writer = writer;
    this.policy = context.limits.slowConsumer;
    this.maxBufferedBytes = context.limits.maxBufferedBytes;
    if (holdsMessages(this.policy)) this.queue = new SendQueue();
    const { sendTimeoutSecs } = context.limits;
    if (sendTimeoutSecs > 0) {
      const patience = { timeoutMs: sendTimeoutSecs * 1000 };
      this.watch = new OutputWatch(context.wheel, writer, patience, () => host.onSendTimeout());
    }
  }

  /** Part of {@link ProgressSenderHost}. */
  get context(): SessionContext {
    return this.host.context;
  }

  /** Part of {@link ProgressSenderHost}. */
  get deflate(): PerMessageDeflate | undefined {
    return this.host.deflate;
  }

  setPolicy(policy: SlowConsumerPolicy, maxBufferedBytes: number): void {
    this.policy = policy;
    this.maxBufferedBytes = maxBufferedBytes;
    if (holdsMessages(policy)) this.queue ??= new SendQueue();
    else {
      this.releaseAll();
      this.queue = undefined;
    }
  }

  /** Tells if messages wait above the writer. */
  get isHolding(): boolean {
    return this.progressSender?.isBusy === true || (this.queue !== undefined && this.queue.length > 0);
  }

  get bufferedBytes(): number {
    let buffered = this.writer.bufferedBytes;
    if (this.progressSender !== undefined) buffered += this.progressSender.heldBytes;
    return this.queue === undefined ? buffered : buffered + this.queue.bytes;
  }

  get canSendMore(): boolean {
    const { highWaterMark, lowWaterMark } = this.context.limits;
    const buffered = this.bufferedBytes;
    // The limit of this connection may be below the marks of all.
    if (buffered >= Math.min(highWaterMark, this.maxBufferedBytes)) this.isAboveHighWater = true;
    else if (buffered <= Math.min(lowWaterMark, highWaterMark, this.maxBufferedBytes / 4))
      this.isAboveHighWater = false;
    return this.host.isOpen && !this.isAboveHighWater;
  }

  sendText(text: string, key?: string): WebSocketSendInfo {
    const length = utf8Length(text);
    if (length < 0) return notSent('invalidUtf8', 0);
    if (!this.host.isOpen) return notSent('closed', length);
    if (this.mustWait(length)) return this.sendLater({ data: text, isBinary: false, length, key });
    const wireSize = this.endpoint.sendText(text, length);
    if (length > COPIED_BYTES) this.settle();
    return outcomeOf(length, wireSize);
  }

  sendBytes(bytes: Buffer, isBinary: boolean, isChecked: boolean, key?: string): WebSocketSendInfo {
    const { length } = bytes;
    if (!isBinary && !isChecked && !this.context.ports.isUtf8(bytes)) return notSent('invalidUtf8', length);
    if (!this.host.isOpen) return notSent('closed', length);
    if (this.mustWait(length)) {
      const data = this.queue !== undefined && length <= COPIED_BYTES ? Buffer.from(bytes) : bytes;
      return this.sendLater({ data, isBinary, length, key });
    }
    const wireSize = this.endpoint.sendBytes(bytes, isBinary);
    if (length > COPIED_BYTES) this.settle();
    return outcomeOf(length, wireSize);
  }

  /** A broadcast has no other sender to tell, so that what it loses counts as dropped whatever the policy. */
  sendPrepared(message: PreparedMessage, key: string | undefined, isBroadcast: boolean): WebSocketSendInfo {
    const { length, isBinary, payload } = message;
    if (payload === undefined) return notSent('invalidUtf8', 0);
    if (!this.host.isOpen) return notSent('closed', length);
    if (this.mustWait(length)) return this.sendLater({ data: message, isBinary, length, key }, isBroadcast);
    const wireSize = this.endpoint.sendPrepared(message, payload);
    if (length > COPIED_BYTES) this.settle();
    return outcomeOf(length, wireSize);
  }

  /** Sends a message in fragments that are reported as they leave. */
  sendWithProgress(
    bytes: Buffer,
    isBinary: boolean,
    isChecked: boolean,
    onProgress: OnProgress,
  ): Promise<WebSocketSendInfo> {
    const { length } = bytes;
    if (!isBinary && !isChecked && !this.context.ports.isUtf8(bytes)) {
      return Promise.resolve(notSent('invalidUtf8', length));
    }
    if (!this.host.isOpen) return Promise.resolve(notSent('closed', length));
    this.releaseAll();
    this.progressSender ??= new ProgressSender(this);
    return this.progressSender.send(bytes, isBinary, onProgress);
  }

  /** Runs `send` when there is room, behind those who wait already. */
  whenReady<T>(send: () => T, signal: AbortSignal | undefined): Promise<T> {
    const isFirst = this.roomWaiters === undefined || this.roomWaiters.isEmpty;
    if (!this.host.isOpen || (isFirst && this.hasRoom)) return Promise.resolve(send());
    this.roomWaiters ??= new RoomWaiters();
    return this.roomWaiters.wait(send, signal);
  }

  /** Part of {@link ProgressSenderHost}. Resolves when everything sent before has left, or the connection is over. */
  whenDrained(): Promise<void> {
    this.writer.flush();
    if (this.host.isClosed || this.isDrained) return Promise.resolve();
    this.drainWaiters ??= new DrainWaiters();
    return this.drainWaiters.wait();
  }

  ping(payload: Buffer): WebSocketSendInfo {
    return this.whyNoControl(payload.length) ?? sent(payload.length, this.endpoint.sendPing(payload));
  }

  pong(payload: Buffer): WebSocketSendInfo {
    return this.whyNoControl(payload.length) ?? sent(payload.length, this.endpoint.sendPong(payload));
  }

  /** Tells if a message of `length` bytes would be taken as it is. */
  hasRoomFor(length: number): boolean {
    const buffered = this.bufferedBytes;
    return buffered === 0 || buffered + length <= this.maxBufferedBytes;
  }

  /** Brings the account of the server up to date. Less than what one message copies does not count. */
  settle(buffered: number = this.bufferedBytes): void {
    if (!this.isCounted) return;
    const counted = buffered > COPIED_BYTES ? buffered : 0;
    const moved = counted - this.countedBytes;
    this.countedBytes = counted;
    if (moved !== 0) this.context.sendAccount?.move(moved);
  }

  /** Takes this connection out of the account for good. */
  leaveAccount(): void {
    this.settle(0);
    this.isCounted = false;
  }

  /** Everything the writer had given to the transport has left. */
  onDrain(): void {
    this.watch?.onDrain();
    if (this.countedBytes > 0) this.settle();
    const { queue } = this;
    if (queue !== undefined && queue.length > 0) this.release(queue);
    if (this.isDrained) this.drainWaiters?.wakeAll();
    this.roomWaiters?.wake(() => this.hasRoom);
  }

  /** The connection is over. */
  end(): void {
    this.watch?.stop();
    this.leaveAccount();
    this.drainWaiters?.wakeAll();
    this.roomWaiters?.wake(() => true);
  }

  /** Part of {@link ProgressSenderHost}. */
  get canSendFragments(): boolean {
    return this.endpoint.canSend;
  }

  /** Part of {@link ProgressSenderHost}. */
  onIdle(): void {
    this.host.onIdle();
  }

  /** Part of {@link ProgressSenderHost}. */
  onCancelled(): void {
    this.host.onCancelled();
  }

  /** {@link canSendMore}, once the batch was written: only what the system does not take has a drain to wait for. */
  private get hasRoom(): boolean {
    if (this.canSendMore) return true;
    this.writer.flush();
    return this.canSendMore;
  }

  /** Why a ping or pong with `length` bytes cannot be sent, if so. */
  private whyNoControl(length: number): WebSocketSendInfo | undefined {
    if (length > MAX_CONTROL_PAYLOAD_BYTES) return notSent('tooBig', length);
    if (!this.host.isOpen) return notSent('closed', length);
    // It overtakes the messages that wait here.
    const buffered = this.writer.bufferedBytes;
    if (buffered > 0 && buffered + length > this.maxBufferedBytes) return notSent('bufferFull', length);
    this.watch?.start();
    return undefined;
  }

  private get isDrained(): boolean {
    return this.writer.bufferedBytes === 0 && (this.queue === undefined || this.queue.length === 0);
  }

  /** Tells if a message cannot be encoded now: it has to wait, or there is no room for it. */
  private mustWait(length: number): boolean {
    this.watch?.start();
    const { queue, progressSender } = this;
    // Behind a send with progress everything waits as frames.
    if (queue === undefined || progressSender?.isBusy === true) {
      const buffered = this.bufferedBytes;
      if (buffered > COPIED_BYTES) this.settle(buffered);
      return buffered > 0 && (buffered + length > this.maxBufferedBytes || !this.host.isOpen);
    }
    if (queue.length > 0) this.settle();
    return queue.length > 0 || this.writer.isCongested;
  }

  private sendLater(message: HeldMessage, isBroadcast = false): WebSocketSendInfo {
    const { queue, policy } = this;
    if (queue === undefined || this.progressSender?.isBusy === true) {
      if (policy === 'close') this.giveUp();
      else if (isBroadcast || (policy !== 'fail' && policy !== 'block')) this.host.onDropped(message.length);
      return notSent('bufferFull', message.length);
    }
    if (policy === 'conflate' && message.key !== undefined) {
      const replaced = queue.replace(message);
      if (replaced >= 0) {
        this.host.onDropped(replaced);
        return accepted(message.length, 0);
      }
    }
    if (policy === 'close' && this.writer.bufferedBytes + queue.weight + message.length > this.maxBufferedBytes) {
      this.giveUp();
      return notSent('bufferFull', message.length);
    }
    queue.push(message);
    // The message itself stays, even if it alone is over the limit.
    while (queue.length > 1 && this.isOverLimit(queue)) this.drop(queue);
    return accepted(message.length, 0);
  }

  private isOverLimit(queue: SendQueue): boolean {
    return this.writer.bufferedBytes + queue.weight > this.maxBufferedBytes;
  }

  private drop(queue: SendQueue): void {
    const dropped = queue.shift();
    if (dropped !== undefined) this.host.onDropped(dropped.length);
  }

  private giveUp(): void {
    const { queue } = this;
    while (queue !== undefined && queue.length > 0) this.drop(queue);
    this.host.onSlowConsumer();
  }

  /** Encodes what waits for as long as the socket keeps up. */
  private release(queue: SendQueue): void {
    const { writer } = this;
    while (queue.length > 0 && this.endpoint.canSend && !writer.isCongested) this.encodeNext(queue);
    // Less than a batch may be taken by the system at once.
    writer.flush();
    if (queue.length === 0) this.host.onIdle();
  }

  private releaseAll(): void {
    const { queue } = this;
    if (queue === undefined || queue.length === 0) return;
    while (queue.length > 0 && this.endpoint.canSend) this.encodeNext(queue);
    if (queue.length === 0) this.host.onIdle();
  }

  private encodeNext(queue: SendQueue): void {
    const { endpoint } = this;
    const message = queue.shift();
    if (message === undefined) return;
    const { data, length, isBinary } = message;
    let wireSize: number;
    if (typeof data === 'string') wireSize = endpoint.sendText(data, length);
    else if (data instanceof PreparedMessage) wireSize = endpoint.sendPrepared(data, data.payload ?? Buffer.alloc(0));
    else wireSize = endpoint.sendBytes(data, isBinary);
    if (wireSize === NOT_COMPRESSED) this.host.onDropped(length);
    else sent(length, wireSize);
  }
}

function holdsMessages(policy: SlowConsumerPolicy): boolean {
  return policy === 'drop-oldest' || policy === 'conflate' || policy === 'close';
}
