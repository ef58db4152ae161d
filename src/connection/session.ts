import { afterThisCallback } from '../platform/turn.ts';
import { CloseCode, CloseReason } from '../protocol/websocket/close-codes.ts';
import { ConnectionStatus } from '../protocol/websocket/connection-state.ts';
import { Endpoint, type EndpointHandler } from '../protocol/websocket/endpoint.ts';
import { MAX_CONTROL_PAYLOAD_BYTES } from '../protocol/websocket/opcodes.ts';
import type { PerMessageDeflate } from '../protocol/websocket/per-message-deflate.ts';
import { utf8Length } from '../protocol/websocket/text.ts';
import { type Violation, Violations } from '../protocol/websocket/violations.ts';
import { BatchWriter } from '../transport/batch-writer.ts';
import type { Transport, TransportHandler } from '../transport/transport.ts';
import { CloseDeadline } from './close-deadline.ts';
import { DrainWaiters } from './drain-waiters.ts';
import type { HeartbeatHost } from './heartbeat.ts';
import type { WebSocketCloseInfo } from './messages.ts';
import { PongResponder } from './pong-responder.ts';
import { type OnProgress, ProgressSender, type ProgressSenderHost } from './progress-sender.ts';
import { notSent, outcomeOf, sent, type WebSocketSendInfo } from './send-data.ts';
import type { SessionContext, SessionOwner } from './session-context.ts';

/**
 * One open WebSocket from the opening handshake to the end of its transport: it joins the protocol, a transport, the
 * batching of writes and the deadlines.
 */
export class Session implements TransportHandler, EndpointHandler, ProgressSenderHost, HeartbeatHost {
  /** Whether pings are answered. */
  isPongEnabled: boolean;
  readonly context: SessionContext;
  private readonly owner: SessionOwner;
  private readonly transport: Transport;
  readonly writer: BatchWriter;
  readonly deflate: PerMessageDeflate | undefined;
  readonly endpoint: Endpoint;
  /** What was read after parsing was stopped. */
  private rest: Buffer | undefined;
  isReading = true;
  hasReceived = false;
  drains = 0;
  private closeInfo: WebSocketCloseInfo | undefined;
  private closeWireSize = 0;
  /** The peer broke the protocol: nothing it says counts any more, and its close frame is not waited for. */
  private isFailed = false;
  private pongs: PongResponder | undefined;
  private deadline: CloseDeadline | undefined;
  private isAboveHighWater = false;
  private drainWaiters: DrainWaiters | undefined;
  private progressSender: ProgressSender | undefined;
  /** A close that waits behind messages that are still leaving in fragments. */
  private pendingClose: { readonly code: number; readonly reason: string } | undefined;

  constructor(
    context: SessionContext,
    transport: Transport,
    owner: SessionOwner,
    isPongEnabled: boolean,
    deflate?: PerMessageDeflate,
  ) {
    this.context = context;
    this.owner = owner;
    this.transport = transport;
    this.isPongEnabled = isPongEnabled;
    this.deflate = deflate;
    this.writer = new BatchWriter(transport);
    this.endpoint = new Endpoint({
      role: context.role,
      handler: this,
      sink: this.writer,
      ports: context.ports,
      masks: context.masks,
      maxMessageBytes: context.limits.maxMessageSize,
      maxFragments: context.limits.maxFragments,
      budget: context.budget,
      fragmentBytes: context.limits.fragmentSize,
      deflate,
    });
  }

  /** Runs `task`, and sends everything that it sends here in one write, `head` in front. */
  openWith(head: string, task: () => void): void {
    const { writer } = this;
    writer.beginBatch();
    try {
      if (head.length <= writer.maxReserve) {
        const at = writer.reserve(head.length);
        writer.commit(at + writer.bytes.write(head, at, 'latin1'));
      } else writer.writeThrough(Buffer.from(head, 'latin1'));
      task();
    } finally {
      writer.endBatch();
    }
  }

  /** Begins to read. `head` is what came behind the opening handshake in the same read. */
  start(head?: Buffer): void {
    // Bytes first: the transport may deliver more as soon as it is started.
    if (head !== undefined && head.length > 0) this.rest = head;
    this.transport.start(this);
    if (this.rest !== undefined) this.parseRest();
    else if (this.isReading) this.transport.resume();
  }

  get isOpen(): boolean {
    return this.endpoint.status === ConnectionStatus.Open && this.pendingClose === undefined;
  }

  get isClosed(): boolean {
    return this.endpoint.status === ConnectionStatus.Closed;
  }

  get bufferedBytes(): number {
    const buffered = this.writer.bufferedBytes;
    return this.progressSender === undefined ? buffered : buffered + this.progressSender.heldBytes;
  }

  get canSendMore(): boolean {
    const { highWaterMark, lowWaterMark } = this.context.limits;
    const buffered = this.bufferedBytes;
    if (buffered >= highWaterMark) this.isAboveHighWater = true;
    else if (buffered <= lowWaterMark) this.isAboveHighWater = false;
    return this.isOpen && !this.isAboveHighWater;
  }

  sendText(text: string): WebSocketSendInfo {
    const length = utf8Length(text);
    if (length < 0) return notSent('invalidUtf8', 0);
    if (!this.isOpen) return notSent('closed', length);
    if (!this.hasRoomFor(length)) return notSent('bufferFull', length);
    return outcomeOf(length, this.endpoint.sendText(text, length));
  }

  sendBytes(bytes: Buffer, isBinary: boolean, isChecked: boolean): WebSocketSendInfo {
    const { length } = bytes;
    if (!isBinary && !isChecked && !this.context.ports.isUtf8(bytes)) return notSent('invalidUtf8', length);
    if (!this.isOpen) return notSent('closed', length);
    if (!this.hasRoomFor(length)) return notSent('bufferFull', length);
    return outcomeOf(length, this.endpoint.sendBytes(bytes, isBinary));
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
    if (!this.isOpen) return Promise.resolve(notSent('closed', length));
    this.progressSender ??= new ProgressSender(this);
    return this.progressSender.send(bytes, isBinary, onProgress);
  }

  /** Resolves when everything sent before has left, or the connection is over. */
  whenDrained(): Promise<void> {
    this.writer.flush();
    if (this.isClosed || this.writer.bufferedBytes === 0) return Promise.resolve();
    this.drainWaiters ??= new DrainWaiters();
    return this.drainWaiters.wait();
  }

  ping(payload: Buffer): WebSocketSendInfo {
    const { length } = payload;
    if (length > MAX_CONTROL_PAYLOAD_BYTES) return notSent('tooBig', length);
    if (!this.isOpen) return notSent('closed', length);
    if (!this.hasRoomFor(length)) return notSent('bufferFull', length);
    return sent(length, this.endpoint.sendPing(payload));
  }

  /** Begins the closing handshake behind everything that was sent. Does nothing once it has begun. */
  close(code: number, reason: string): void {
    if (!this.isOpen) return;
    if (this.progressSender?.isBusy === true) this.pendingClose = { code, reason };
    else this.closeNow(code, reason);
    this.startDeadline();
  }

  /** Ends the connection at once, without a close frame; what is unsent is dropped. */
  terminate(): void {
    if (this.isClosed) return;
    this.closeInfo ??= { code: CloseCode.Abnormal, reason: CloseReason.Abnormal, remote: false };
    this.transport.destroy();
  }

  /** @internal HeartbeatHost: the peer is dead, so it is told and not waited for. */
  expire(): void {
    if (!this.isOpen) return;
    this.isFailed = true;
    this.closeNow(CloseCode.InternalError, 'Ping timeout');
    this.writer.flush();
    this.transport.destroy();
  }

  flush(): void {
    this.writer.flush();
  }

  /** Stops or continues reading. What the kernel has stays there, so that the peer is slowed down. */
  setReading(isWanted: boolean): void {
    if (isWanted === this.isReading) return;
    if (!isWanted && !this.isOpen) return;
    this.isReading = isWanted;
    if (!isWanted) {
      this.endpoint.stopParsing();
      this.transport.pause();
      return;
    }
    this.endpoint.resumeParsing();
    if (this.rest === undefined) this.transport.resume();
    else afterThisCallback(parseRestOf, this);
  }

  ref(): void {
    this.transport.ref();
  }

  unref(): void {
    this.transport.unref();
  }

  /** @internal TransportHandler */
  onBytes(buffer: Buffer, start: number, end: number): void {
    this.hasReceived = true;
    if (this.rest !== undefined) {
      this.rest = Buffer.concat([this.rest, buffer.subarray(start, end)]);
      return;
    }
    const at = this.parse(buffer, start, end);
    if (at < end) this.rest = Buffer.from(buffer.subarray(at, end));
  }

  /** @internal TransportHandler */
  onEnd(): void {
    if (this.isOpen) {
      this.endpoint.end();
      this.closeInfo = { code: CloseCode.Abnormal, reason: CloseReason.Abnormal, remote: true };
    }
    this.writer.end();
    this.startDeadline();
  }

  /** @internal TransportHandler */
  onDrain(): void {
    this.drains++;
    this.deadline?.onDrain();
    this.writer.onDrain();
    this.pongs?.onDrain();
    if (this.writer.bufferedBytes === 0) this.drainWaiters?.wakeAll();
  }

  /** @internal TransportHandler */
  onClosed(error: Error | undefined): void {
    const unsentBytes = this.bufferedBytes + this.writer.droppedBytes;
    const wasAcknowledged = this.endpoint.status !== ConnectionStatus.ClosedByUs || this.isFailed;
    this.endpoint.end();
    this.deflate?.close();
    this.writer.close();
    this.rest = undefined;
    this.deadline?.cancel();
    this.drainWaiters?.wakeAll();
    const isKnown = this.closeInfo !== undefined && wasAcknowledged;
    const lost = { code: CloseCode.Abnormal, reason: CloseReason.Abnormal, remote: error !== undefined };
    this.owner.onSessionClosed(isKnown ? (this.closeInfo ?? lost) : lost, this.closeWireSize, unsentBytes);
  }

  /** @internal EndpointHandler */
  onText(text: string, wireSize: number): void {
    this.owner.onText(text, wireSize);
  }

  /** @internal EndpointHandler */
  onBinary(data: Buffer, wireSize: number): void {
    this.owner.onBinary(data, wireSize);
  }

  /** @internal EndpointHandler */
  onFragment(isBinary: boolean, receivedBytes: number): void {
    this.owner.onFragment(isBinary, receivedBytes);
  }

  /** @internal EndpointHandler */
  onPing(payload: Buffer, wireSize: number): void {
    if (!this.takeControlFrame()) return;
    if (this.isPongEnabled) this.pongs?.answer(payload);
    this.owner.onPing(payload, wireSize);
  }

  /** @internal EndpointHandler */
  onPong(payload: Buffer, wireSize: number): void {
    if (this.takeControlFrame()) this.owner.onPong(payload, wireSize);
  }

  /** @internal EndpointHandler */
  onCloseFrame(code: number, reason: string, wireSize: number): void {
    this.closeWireSize = wireSize;
    this.closeInfo ??= {
      code,
      reason: code === CloseCode.NoStatus ? CloseReason.NoStatus : reason,
      remote: true,
    };
    this.readToTheEnd();
    // The server ends the connection first, so that the client's port is not the one that lingers (section 7.1.1).
    if (this.context.role === 'server') this.writer.end();
    this.startDeadline();
  }

  /** @internal EndpointHandler */
  onViolation(violation: Violation): void {
    this.isFailed = true;
    this.closeInfo ??= { code: violation.closeCode, reason: violation.reason, remote: false };
    this.readToTheEnd();
    // Half-closed, and read until the peer has closed as well: a reset would take our close frame with it.
    this.writer.end();
    this.startDeadline();
  }

  /** @internal ProgressSenderHost */
  get canSendFragments(): boolean {
    return this.endpoint.canSend;
  }

  /** @internal ProgressSenderHost */
  onIdle(): void {
    const { pendingClose } = this;
    this.pendingClose = undefined;
    if (pendingClose !== undefined && this.endpoint.canSend) this.closeNow(pendingClose.code, pendingClose.reason);
  }

  /** @internal ProgressSenderHost */
  onCancelled(): void {
    this.pendingClose = undefined;
    this.closeNow(CloseCode.InternalError, 'Send cancelled');
    this.startDeadline();
  }

  /** @internal Continues with what was read before reading stopped. */
  parseRest(): void {
    const { rest } = this;
    if (rest === undefined || !this.isReading) return;
    this.rest = undefined;
    const at = this.parse(rest, 0, rest.length);
    if (at < rest.length) this.rest = rest.subarray(at);
    else if (this.isReading) this.transport.resume();
  }

  private parse(buffer: Buffer, start: number, end: number): number {
    const { writer } = this;
    writer.beginBatch();
    try {
      return this.endpoint.receive(buffer, start, end);
    } finally {
      writer.endBatch();
    }
  }

  /** Closing needs the peer's close frame, so from now on everything is read, whoever had paused. */
  private readToTheEnd(): void {
    if (this.isReading) return;
    this.isReading = true;
    this.endpoint.resumeParsing();
    if (this.rest === undefined) this.transport.resume();
    else afterThisCallback(parseRestOf, this);
  }

  private startDeadline(): void {
    const { wheel, limits } = this.context;
    this.deadline ??= new CloseDeadline(wheel, this.writer, limits.closeTimeoutMs, () => this.transport.destroy());
    this.deadline.start();
  }

  private hasRoomFor(length: number): boolean {
    const buffered = this.bufferedBytes;
    return buffered === 0 || buffered + length <= this.context.limits.maxBufferedBytes;
  }

  private takeControlFrame(): boolean {
    this.pongs ??= new PongResponder(this.endpoint, this.writer, this.context.clock.now());
    if (this.pongs.takeControlFrame(this.context.clock.now())) return true;
    this.endpoint.fail(Violations.tooManyControlFrames);
    return false;
  }

  private closeNow(code: number, reason: string): void {
    this.endpoint.close(code, reason);
    this.closeInfo = { code, reason, remote: false };
    this.readToTheEnd();
  }
}

function parseRestOf(session: Session): void {
  session.parseRest();
}
