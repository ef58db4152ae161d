import { afterThisCallback } from '../../platform/turn.ts';
import { CloseCode, CloseReason } from '../../protocol/websocket/closing/close-codes.ts';
import { ConnectionStatus } from '../../protocol/websocket/closing/connection-status.ts';
import { type Violation, Violations } from '../../protocol/websocket/closing/violations.ts';
import type { PerMessageDeflate } from '../../protocol/websocket/deflate/per-message-deflate.ts';
import { Endpoint, type EndpointHandler } from '../../protocol/websocket/endpoint.ts';
import type { OnFrame } from '../../protocol/websocket/frames/frame-tap.ts';
import { BatchWriter } from '../../transport/batch-writer.ts';
import type { Transport, TransportHandler } from '../../transport/transport.ts';
import { TokenBucket } from '../../util/token-bucket.ts';
import type { HeartbeatHost } from '../pings/heartbeat.ts';
import { PongResponder } from '../pings/pong-responder.ts';
import { SessionSender, type SessionSenderHost } from '../sending/session-sender.ts';
import { InflateTurns, type InflateTurnsHost } from './inflate-turns.ts';
import type { SessionContext, SessionOwner } from './session-context.ts';
import { SessionEnd, type SessionEndHost } from './session-end.ts';
import { SessionTap } from './session-tap.ts';

/**
 * One open WebSocket from the opening handshake to the end of its transport: it joins the protocol, a transport, the
 * batching of writes, what is sent, and how it ends.
 */
export class Session
  implements TransportHandler, EndpointHandler, SessionSenderHost, SessionEndHost, HeartbeatHost, InflateTurnsHost
{
  /** True when pings are answered. */
  isPongEnabled: boolean;
  readonly context: SessionContext;
  private readonly owner: SessionOwner;
  readonly transport: Transport;
  readonly writer: BatchWriter;
  readonly deflate: PerMessageDeflate | undefined;
  readonly endpoint: Endpoint;
  readonly sender: SessionSender;
  /** The bytes that were read after parsing was stopped. */
  private rest: Buffer | undefined;
  isReading = true;
  hasReceived = false;
  drains = 0;
  private pongs: PongResponder | undefined;
  private end: SessionEnd | undefined;
  private tap: SessionTap | undefined;
  private hasStarted = false;
  private isParsing = false;
  private inflateTurns: InflateTurns | undefined;
  /** The rate of messages that arrive, where it is limited. */
  private readonly rate: TokenBucket | undefined;

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
      traffic: context.traffic,
    });
    this.sender = new SessionSender(this);
    const { maxMessagesPerSec } = context.limits;
    if (maxMessagesPerSec !== undefined) {
      this.rate = new TokenBucket(maxMessagesPerSec, Math.max(1, 2 * maxMessagesPerSec), context.clock.now());
    }
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
    this.hasStarted = true;
    this.beginTap();
    this.transport.start(this);
    if (this.rest !== undefined) this.parseRest();
    else if (this.isReading) this.transport.resume();
  }

  get isOpen(): boolean {
    return this.endpoint.status === ConnectionStatus.Open && this.end?.isPending !== true;
  }

  get isClosed(): boolean {
    return this.endpoint.status === ConnectionStatus.Closed;
  }

  /** Shows all frames from the next one on, or none any more. */
  setOnFrame(onFrame: OnFrame | undefined): void {
    this.tap = onFrame && new SessionTap(onFrame);
    this.endpoint.setOnFrame(onFrame);
    this.beginTap();
  }

  /** Begins the closing handshake behind everything that was sent. Does nothing once it has begun. */
  close(code: number, reason: string): void {
    if (this.isOpen) this.ending.close(code, reason);
  }

  /** Ends the connection at once, without a close frame; what is unsent is dropped. */
  terminate(): void {
    if (this.isClosed) return;
    this.ending.lose(CloseReason.Terminated, false);
    this.transport.destroy();
  }

  /** Part of {@link HeartbeatHost}: the peer is dead, so it is told and not waited for. */
  expire(): void {
    if (!this.isOpen) return;
    this.ending.fail(CloseCode.InternalError, CloseReason.PingTimeout);
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
    this.goOnReading();
  }

  ref(): void {
    this.transport.ref();
  }

  unref(): void {
    this.transport.unref();
  }

  /** Part of {@link TransportHandler}. */
  onBytes(buffer: Buffer, start: number, end: number): void {
    this.hasReceived = true;
    this.tap?.onBytes(buffer, start, end);
    if (this.rest !== undefined) {
      this.rest = Buffer.concat([this.rest, buffer.subarray(start, end)]);
      return;
    }
    const at = this.parse(buffer, start, end);
    if (at < end) this.rest = Buffer.from(buffer.subarray(at, end));
    if (this.tap !== undefined) this.beginTap();
  }

  /** Part of {@link TransportHandler}. */
  onEnd(): void {
    this.ending.onEnd();
  }

  /** Part of {@link TransportHandler}. */
  onDrain(): void {
    this.drains++;
    this.end?.onDrain();
    this.writer.onDrain();
    this.sender.onDrain();
    this.pongs?.onDrain();
  }

  /** Part of {@link TransportHandler}. */
  onClosed(error: Error | undefined): void {
    const unsentBytes = this.sender.bufferedBytes + this.writer.droppedBytes;
    const outcome = this.ending.finish(error, unsentBytes);
    this.endpoint.end();
    this.deflate?.close();
    this.writer.close();
    this.rest = undefined;
    this.sender.end();
    this.owner.onSessionClosed(outcome);
  }

  /** Part of {@link EndpointHandler}. */
  onText(text: string, wireSize: number): void {
    if (this.rate !== undefined && !this.takeMessage(this.rate)) return;
    this.owner.onText(text, wireSize);
  }

  /** Part of {@link EndpointHandler}. */
  onBinary(data: Buffer, wireSize: number): void {
    if (this.rate !== undefined && !this.takeMessage(this.rate)) return;
    this.owner.onBinary(data, wireSize);
  }

  /** Part of {@link EndpointHandler}. */
  onFragment(isBinary: boolean, receivedBytes: number): void {
    this.owner.onFragment(isBinary, receivedBytes);
  }

  /** Part of {@link EndpointHandler}. */
  onPing(payload: Buffer, wireSize: number): void {
    if (!this.takeControlFrame()) return;
    if (this.isPongEnabled) this.pongs?.answer(payload);
    this.owner.onPing(payload, wireSize);
  }

  /** Part of {@link EndpointHandler}. */
  onPong(payload: Buffer, wireSize: number): void {
    if (this.takeControlFrame()) this.owner.onPong(payload, wireSize);
  }

  /** Part of {@link EndpointHandler}. */
  onCloseFrame(code: number, reason: string, wireSize: number): void {
    this.tap?.end();
    this.ending.onCloseFrame(code, reason, wireSize);
  }

  /** Part of {@link EndpointHandler}. */
  onViolation(violation: Violation): void {
    this.tap?.end();
    this.ending.onViolation(violation);
  }

  /** Part of {@link SessionSenderHost}. */
  onIdle(): void {
    this.end?.onIdle();
  }

  /** Part of {@link SessionSenderHost}. */
  onCancelled(): void {
    this.ending.closeAtOnce(CloseCode.InternalError, 'Send cancelled');
  }

  /** Part of {@link SessionSenderHost}. */
  onSlowConsumer(): void {
    this.ending.fail(CloseCode.TryAgainLater, 'Slow consumer');
  }

  /** Ends the connection at once: what waits on all of them is too much, and this one holds the most. */
  endForMemory(): void {
    this.sender.leaveAccount();
    this.ending.fail(CloseCode.TryAgainLater, 'Too much waits to be sent');
    this.transport.destroy();
  }

  /** Part of {@link SessionSenderHost}. */
  onSendTimeout(): void {
    this.ending.lose(CloseReason.SendTimeout, false);
    this.transport.destroy();
  }

  /** Part of {@link SessionSenderHost}. */
  onDropped(payloadSize: number): void {
    if (this.context.traffic !== undefined) this.context.traffic.messagesDropped++;
    this.owner.onDropped(payloadSize);
  }

  /** Part of {@link SessionEndHost}. */
  get isHolding(): boolean {
    return this.sender.isHolding;
  }

  /** Part of {@link SessionEndHost}: closing needs the peer's close frame. */
  readToTheEnd(): void {
    if (this.isReading) return;
    this.isReading = true;
    this.goOnReading();
  }

  /** Part of {@link SessionEndHost}. */
  destroyTransport(): void {
    this.transport.destroy();
  }

  /** Continues with what was read before reading stopped. */
  parseRest(): void {
    const { rest } = this;
    if (rest === undefined || !this.isReading || this.endpoint.mustWait) return;
    this.rest = undefined;
    const at = this.parse(rest, 0, rest.length);
    if (at < rest.length) this.rest = rest.subarray(at);
    else if (this.isReading && !this.endpoint.mustWait) this.transport.resume();
  }

  /** Goes on with messages that took long to inflate, after everybody else has had a turn. */
  takeTurn(): void {
    // Reading was stopped meanwhile, and nothing is delivered until it goes on.
    if (!this.isReading) return;
    const { writer } = this;
    writer.beginBatch();
    this.isParsing = true;
    try {
      this.endpoint.goOn();
    } finally {
      this.isParsing = false;
      writer.endBatch();
    }
    if (this.endpoint.mustWait) this.turns.wait();
    else if (this.isReading && !this.isClosed) this.goOnReading();
  }

  private goOnReading(): void {
    this.endpoint.resumeParsing();
    if (this.endpoint.mustWait) this.turns.wait();
    else if (this.rest === undefined) this.transport.resume();
    else afterThisCallback(parseRestOf, this);
  }

  private get turns(): InflateTurns {
    this.inflateTurns ??= new InflateTurns(this);
    return this.inflateTurns;
  }

  private parse(buffer: Buffer, start: number, end: number): number {
    const { writer } = this;
    writer.beginBatch();
    this.isParsing = true;
    try {
      let at = this.endpoint.receive(buffer, start, end);
      while (this.endpoint.mustWait && this.turns.mayGoOn()) {
        this.endpoint.goOn();
        at = this.endpoint.receive(buffer, at, end);
      }
      return at;
    } finally {
      this.isParsing = false;
      writer.endBatch();
    }
  }

  /** Begins a tap that was set behind what is being parsed, which it has not seen. */
  private beginTap(): void {
    const { tap, rest } = this;
    if (tap === undefined || !this.hasStarted || this.isParsing) return;
    if (rest !== undefined || this.endpoint.isBetweenFrames) tap.begin(rest);
  }

  private takeMessage(rate: TokenBucket): boolean {
    if (rate.take(this.context.clock.now())) return true;
    this.endpoint.fail(Violations.tooManyMessages);
    return false;
  }

  private takeControlFrame(): boolean {
    this.pongs ??= new PongResponder(this.endpoint, this.writer, this.context.clock.now());
    if (this.pongs.takeControlFrame(this.context.clock.now())) return true;
    this.endpoint.fail(Violations.tooManyControlFrames);
    return false;
  }

  private get ending(): SessionEnd {
    this.end ??= new SessionEnd(this);
    return this.end;
  }
}

function parseRestOf(session: Session): void {
  session.parseRest();
}
