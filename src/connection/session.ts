import { afterThisCallback } from '../platform/turn.ts';
import type { ProtocolPorts } from '../protocol/ports.ts';
import { CloseCode, CloseReason } from '../protocol/websocket/close-codes.ts';
import { ConnectionStatus } from '../protocol/websocket/connection-state.ts';
import { Endpoint, type EndpointHandler } from '../protocol/websocket/endpoint.ts';
import type { MaskSource } from '../protocol/websocket/masking.ts';
import type { MemoryBudget } from '../protocol/websocket/message-assembler.ts';
import { MAX_CONTROL_PAYLOAD_BYTES } from '../protocol/websocket/opcodes.ts';
import { utf8Length } from '../protocol/websocket/text.ts';
import { type Violation, Violations } from '../protocol/websocket/violations.ts';
import { BatchWriter } from '../transport/batch-writer.ts';
import type { Transport, TransportHandler } from '../transport/transport.ts';
import type { Clock } from '../util/clock.ts';
import type { TimerWheel, WheelEntry } from '../util/timer-wheel.ts';
import { TokenBucket } from '../util/token-bucket.ts';
import type { ConnectionLimits } from './limits.ts';
import type { WebSocketCloseInfo } from './messages.ts';
import { notSent, sent, type WebSocketSendInfo } from './send-data.ts';

/** What a {@link Session} reports to the public object it belongs to. */
export interface SessionOwner {
  onText(text: string, wireSize: number): void;
  onBinary(data: Buffer, wireSize: number): void;
  onFragment(isBinary: boolean, receivedBytes: number): void;
  onPing(payload: Buffer, wireSize: number): void;
  onPong(payload: Buffer, wireSize: number): void;
  /** The connection is over; nothing follows. `unsentBytes` were accepted for sending and did not leave. */
  onSessionClosed(closeInfo: WebSocketCloseInfo, wireSize: number, unsentBytes: number): void;
}

/** What all sessions of one client or server have in common. */
export interface SessionContext {
  readonly role: 'client' | 'server';
  readonly ports: ProtocolPorts;
  /** Required of a client. */
  readonly masks?: MaskSource | undefined;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly limits: ConnectionLimits;
  readonly budget?: MemoryBudget | undefined;
}

/** Limit L19: control frames that a peer may send. */
const CONTROL_FRAMES_PER_SECOND = 100;
const CONTROL_FRAMES_BURST = 200;

/**
 * One open WebSocket from the opening handshake to the end of its transport: it joins the protocol, a transport, the
 * batching of writes and the deadlines.
 */
export class Session implements TransportHandler, EndpointHandler, WheelEntry {
  wheelOwner: TimerWheel | undefined = undefined;
  wheelPrevious: WheelEntry | undefined = undefined;
  wheelNext: WheelEntry | undefined = undefined;
  wheelDueTick = 0;
  /** Whether pings are answered. */
  isPongEnabled: boolean;
  private readonly context: SessionContext;
  private readonly owner: SessionOwner;
  private readonly transport: Transport;
  private readonly writer: BatchWriter;
  private readonly endpoint: Endpoint;
  /** What was read after parsing was stopped. */
  private rest: Buffer | undefined;
  private isReading = true;
  private closeInfo: WebSocketCloseInfo | undefined;
  private closeWireSize = 0;
  /** The peer broke the protocol: nothing it says counts any more, and its close frame is not waited for. */
  private isFailed = false;
  private controlFrames: TokenBucket | undefined;
  private pendingPong: Buffer | undefined;
  private bytesAtDeadlineStart = 0;

  constructor(context: SessionContext, transport: Transport, owner: SessionOwner, isPongEnabled: boolean) {
    this.context = context;
    this.owner = owner;
    this.transport = transport;
    this.isPongEnabled = isPongEnabled;
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
    return this.endpoint.status === ConnectionStatus.Open;
  }

  get isClosed(): boolean {
    return this.endpoint.status === ConnectionStatus.Closed;
  }

  get bufferedBytes(): number {
    return this.writer.bufferedBytes;
  }

  sendText(text: string): WebSocketSendInfo {
    const length = utf8Length(text);
    if (length < 0) return notSent('invalidUtf8', 0);
    if (!this.endpoint.canSend) return notSent('closed', length);
    if (!this.hasRoomFor(length)) return notSent('bufferFull', length);
    return sent(length, this.endpoint.sendText(text, length));
  }

  sendBytes(bytes: Buffer, isBinary: boolean, isChecked: boolean): WebSocketSendInfo {
    const { length } = bytes;
    if (!isBinary && !isChecked && !this.context.ports.isUtf8(bytes)) return notSent('invalidUtf8', length);
    if (!this.endpoint.canSend) return notSent('closed', length);
    if (!this.hasRoomFor(length)) return notSent('bufferFull', length);
    return sent(length, this.endpoint.sendBytes(bytes, isBinary));
  }

  ping(payload: Buffer): WebSocketSendInfo {
    const { length } = payload;
    if (length > MAX_CONTROL_PAYLOAD_BYTES) return notSent('tooBig', length);
    if (!this.endpoint.canSend) return notSent('closed', length);
    if (!this.hasRoomFor(length)) return notSent('bufferFull', length);
    return sent(length, this.endpoint.sendPing(payload));
  }

  /** Begins the closing handshake behind everything that was sent. Does nothing once it has begun. */
  close(code: number, reason: string): void {
    if (!this.endpoint.canSend) return;
    this.endpoint.close(code, reason);
    this.closeInfo = { code, reason, remote: false };
    this.readToTheEnd();
    this.startDeadline();
  }

  /** Ends the connection at once, without a close frame; what is unsent is dropped. */
  terminate(): void {
    if (this.isClosed) return;
    this.closeInfo ??= { code: CloseCode.Abnormal, reason: CloseReason.Abnormal, remote: false };
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
    this.writer.onDrain();
    if (this.pendingPong !== undefined && !this.writer.isCongested) {
      const payload = this.pendingPong;
      this.pendingPong = undefined;
      this.pong(payload);
    }
  }

  /** @internal TransportHandler */
  onClosed(error: Error | undefined): void {
    const unsentBytes = this.writer.bufferedBytes;
    const wasAcknowledged = this.endpoint.status !== ConnectionStatus.ClosedByUs || this.isFailed;
    this.endpoint.end();
    this.writer.close();
    this.rest = undefined;
    this.context.wheel.cancel(this);
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
    if (!this.mayTakeControlFrame()) return;
    if (this.isPongEnabled) this.pong(payload);
    this.owner.onPing(payload, wireSize);
  }

  /** @internal EndpointHandler */
  onPong(payload: Buffer, wireSize: number): void {
    if (this.mayTakeControlFrame()) this.owner.onPong(payload, wireSize);
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

  /** @internal WheelEntry: the close deadline, which starts anew as long as something leaves. */
  onTimeout(): void {
    const buffered = this.writer.bufferedBytes;
    if (buffered < this.bytesAtDeadlineStart) this.startDeadline();
    else this.transport.destroy();
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
    this.bytesAtDeadlineStart = this.writer.bufferedBytes;
    this.context.wheel.schedule(this, this.context.limits.closeTimeoutMs);
  }

  private hasRoomFor(length: number): boolean {
    const buffered = this.writer.bufferedBytes;
    return buffered === 0 || buffered + length <= this.context.limits.maxBufferedBytes;
  }

  /** While the peer does not read, only the latest ping is answered (RFC 6455 section 5.5.3): pongs must not pile up. */
  private pong(payload: Buffer): void {
    if (this.writer.isCongested) this.pendingPong = payload;
    else if (this.endpoint.canSend) this.endpoint.sendPong(payload);
  }

  private mayTakeControlFrame(): boolean {
    const now = this.context.clock.now();
    this.controlFrames ??= new TokenBucket(CONTROL_FRAMES_PER_SECOND, CONTROL_FRAMES_BURST, now);
    if (this.controlFrames.take(now)) return true;
    this.endpoint.fail(Violations.tooManyControlFrames);
    return false;
  }
}

function parseRestOf(session: Session): void {
  session.parseRest();
}
