import { assert } from '../../util/assert.ts';
import type { ByteSink } from '../../util/byte-sink.ts';
import type { ProtocolPorts } from '../ports.ts';
import { writeClosePayload } from './closing/close-payload.ts';
import { ConnectionStatus, canMove } from './closing/connection-status.ts';
import type { Violation } from './closing/violations.ts';
import { FrameParser } from './frames/frame-parser.ts';
import { type OnFrame, TappedFrameWriter } from './frames/frame-tap.ts';
import { FrameWriter, finalFrame } from './frames/frame-writer.ts';
import type { MaskSource } from './frames/masking.ts';
import type { MemoryBudget } from './frames/message-assembler.ts';
import { COMPRESS_FAILED, COMPRESS_NOT_SMALLER, type MessageCompressor } from './frames/message-compressor.ts';
import type { MessageDecompressor } from './frames/message-decompressor.ts';
import { Opcode, RSV1_BIT } from './frames/opcodes.ts';
import type { PreparedMessage } from './frames/prepared-message.ts';
import { textBytes } from './text/text.ts';
import { createTraffic, type Traffic } from './traffic.ts';

/** The connection around an {@link Endpoint}, which it reports to. */
export interface EndpointHandler {
  onText(text: string, wireSize: number): void;
  onBinary(data: Buffer, wireSize: number): void;
  onFragment(isBinary: boolean, receivedBytes: number): void;
  onPing(payload: Buffer, wireSize: number): void;
  onPong(payload: Buffer, wireSize: number): void;
  /** The peer's close frame arrived, and ours is on its way or was sent before. */
  onCloseFrame(code: number, reason: string, wireSize: number): void;
  /** The peer broke the protocol; the close frame that says so is on its way. */
  onViolation(violation: Violation): void;
}

export interface EndpointOptions {
  readonly role: 'client' | 'server';
  readonly handler: EndpointHandler;
  readonly sink: ByteSink;
  readonly ports: ProtocolPorts;
  /** Required of a client. */
  readonly masks?: MaskSource | undefined;
  readonly maxMessageBytes: number;
  readonly maxFragments: number;
  readonly budget?: MemoryBudget | undefined;
  /** Wire payload of a frame at the most; a longer message leaves in several. Without it, each is one frame. */
  readonly fragmentBytes?: number | undefined;
  /** Given when permessage-deflate was agreed on. */
  readonly deflate?: (MessageCompressor & MessageDecompressor) | undefined;
  /** The sums that messages and bytes are added to. @default sums that nobody reads */
  readonly traffic?: Traffic | undefined;
}

const uncounted: Traffic = createTraffic();

/** The result of sending a message that could not be compressed: nothing was sent. */
export const NOT_COMPRESSED = -1;

/**
 * One side of an open WebSocket: bytes in, messages out, and the reverse; the closing handshake (RFC 6455 section 7).
 * It has no clock and no socket: who uses it gives it bytes, sends what it writes, and ends the transport.
 */
export class Endpoint {
  status: ConnectionStatus = ConnectionStatus.Open;
  private readonly parser: FrameParser;
  private writer: FrameWriter;
  private readonly sink: ByteSink;
  private onFrame: OnFrame | undefined;
  /** Writes messages; while one leaves in fragments, to where the next ones wait. */
  private messageWriter: FrameWriter;
  private readonly masks: MaskSource | undefined;
  private readonly handler: EndpointHandler;
  private readonly compressor: MessageCompressor | undefined;
  private readonly fragmentBytes: number;
  private readonly traffic: Traffic;

  constructor(options: EndpointOptions) {
    assert(options.role === 'server' || options.masks !== undefined, 'a client masks what it sends');
    this.handler = options.handler;
    this.masks = options.role === 'client' ? options.masks : undefined;
    this.sink = options.sink;
    this.writer = new FrameWriter(options.sink, this.masks);
    this.messageWriter = this.writer;
    this.compressor = options.deflate;
    this.traffic = options.traffic ?? uncounted;
    this.fragmentBytes = options.fragmentBytes ?? Number.POSITIVE_INFINITY;
    this.parser = new FrameParser({
      handler: this,
      expectMasked: options.role === 'server',
      maxMessageBytes: options.maxMessageBytes,
      maxFragments: options.maxFragments,
      isUtf8: options.ports.isUtf8,
      budget: options.budget,
      decompressor: options.deflate,
    });
  }

  /** Takes what was read, overwriting it, and returns how far it came: `end`, or less after {@link stopParsing}. */
  receive(bytes: Buffer, start: number, end: number): number {
    const at = this.parser.parse(bytes, start, end);
    this.traffic.bytesReceived += at - start;
    return at;
  }

  /** Makes {@link receive} return after the current message. */
  stopParsing(): void {
    this.parser.stop();
  }

  resumeParsing(): void {
    this.parser.resume();
  }

  /** True when {@link receive} has returned because messages took their share of this turn of the event loop. */
  get mustWait(): boolean {
    return this.parser.mustWait;
  }

  /** Begins another turn after {@link mustWait}; true again when a message is still not finished. */
  goOn(): void {
    this.parser.goOn();
  }

  /** Tells whether messages may still be sent. */
  get canSend(): boolean {
    return this.status === ConnectionStatus.Open;
  }

  /** Bytes on the wire for a message of `length` bytes. */
  wireSizeOf(length: number): number {
    return this.writer.headerLength(length) + length;
  }

  /**
   * Sends a text message that takes `length` bytes in UTF-8. Call it only while {@link canSend}.
   *
   * @returns bytes on the wire, or {@link NOT_COMPRESSED}
   */
  sendText(text: string, length: number): number {
    return this.countMessage(length, this.writeText(text, length));
  }

  private writeText(text: string, length: number): number {
    const { compressor } = this;
    if (compressor?.wants(length) === true) {
      const result = compressor.compressText(text, length);
      if (result !== COMPRESS_NOT_SMALLER) return this.sendCompressed(Opcode.Text, compressor, result);
    }
    if (length > this.fragmentBytes) return this.sendFragments(Opcode.Text, textBytes(text, length));
    return this.messageWriter.writeText(finalFrame(Opcode.Text), text, length);
  }

  /**
   * Sends bytes as a text or binary message. Call it only while {@link canSend}.
   *
   * @returns bytes on the wire, or {@link NOT_COMPRESSED}
   */
  sendBytes(payload: Uint8Array, isBinary: boolean): number {
    return this.countMessage(payload.length, this.writeBytes(payload, isBinary));
  }

  private writeBytes(payload: Uint8Array, isBinary: boolean): number {
    const { compressor } = this;
    const opcode = isBinary ? Opcode.Binary : Opcode.Text;
    if (compressor?.wants(payload.length) === true) {
      const result = compressor.compressBytes(payload);
      if (result !== COMPRESS_NOT_SMALLER) return this.sendCompressed(opcode, compressor, result);
    }
    if (payload.length > this.fragmentBytes) return this.sendFragments(opcode, payload);
    return this.messageWriter.writeBytes(finalFrame(opcode), payload);
  }

  /**
   * Sends a message that others get as well. Call it only while {@link canSend}.
   *
   * @returns bytes on the wire, or {@link NOT_COMPRESSED}
   */
  sendPrepared(message: PreparedMessage, payload: Buffer): number {
    return this.countMessage(payload.length, this.writePrepared(message, payload));
  }

  private writePrepared(message: PreparedMessage, payload: Buffer): number {
    const { compressor } = this;
    const { length, isBinary } = message;
    const isCompressed = compressor?.wants(length) === true;
    const isOwn = this.masks !== undefined || length > this.fragmentBytes;
    if (isOwn || (isCompressed && compressor.parameters < 0)) return this.writeBytes(payload, isBinary);
    if (isCompressed) {
      const frame = message.compressedFrame(payload, compressor);
      if (frame === COMPRESS_FAILED) return NOT_COMPRESSED;
      if (frame !== COMPRESS_NOT_SMALLER) return this.messageWriter.writeFrame(frame);
    }
    return this.messageWriter.writeFrame(message.plainFrame(payload));
  }

  /**
   * Sends a part of a message; between two of them, only control frames may leave ({@link holdMessages}).
   *
   * @param messageLength how long the whole message is, uncompressed
   */
  sendFragment(first: number, payload: Uint8Array, isLast: boolean, messageLength: number = payload.length): number {
    const wireSize = this.writer.writeBytes(isLast ? finalFrame(first) : first, payload);
    if (isLast) return this.countMessage(messageLength, wireSize);
    this.traffic.bytesSent += wireSize;
    return wireSize;
  }

  /** From now on messages are written to `sink`, or again to where everything goes without one. */
  holdMessages(sink: ByteSink | undefined): void {
    this.messageWriter = sink === undefined ? this.writer : this.createWriter(sink);
  }

  /** Tells whether what is received next begins a frame. */
  get isBetweenFrames(): boolean {
    return this.parser.isBetweenFrames;
  }

  /** Shows each frame that is sent, or none any more. */
  setOnFrame(onFrame: OnFrame | undefined): void {
    this.onFrame = onFrame;
    const isHeld = this.messageWriter !== this.writer;
    this.writer = this.createWriter(this.sink);
    if (!isHeld) this.messageWriter = this.writer;
  }

  sendPing(payload: Uint8Array): number {
    return this.writeControl(Opcode.Ping, payload);
  }

  sendPong(payload: Uint8Array): number {
    return this.writeControl(Opcode.Pong, payload);
  }

  /** Begins the closing handshake; does nothing when it has begun. */
  close(code: number, reason: string): void {
    if (this.status !== ConnectionStatus.Open) return;
    this.move(ConnectionStatus.ClosedByUs);
    this.writeControl(Opcode.Close, writeClosePayload(code, reason));
  }

  /** Fails the connection (RFC 6455 section 7.1.7): says why, and ignores everything that still arrives. */
  fail(violation: Violation): void {
    this.parser.discard();
    this.close(violation.closeCode, violation.reason);
    this.handler.onViolation(violation);
  }

  /** The transport is gone. */
  end(): void {
    if (this.status === ConnectionStatus.Closed) return;
    this.move(ConnectionStatus.Closed);
    this.parser.discard();
  }

  /** @internal FrameHandler */
  onText(text: string, wireSize: number, payloadSize: number): void {
    if (this.status !== ConnectionStatus.Open) return;
    this.traffic.messagesReceived++;
    this.traffic.payloadBytesReceived += payloadSize;
    this.handler.onText(text, wireSize);
  }

  /** @internal FrameHandler */
  onBinary(data: Buffer, wireSize: number, payloadSize: number): void {
    if (this.status !== ConnectionStatus.Open) return;
    this.traffic.messagesReceived++;
    this.traffic.payloadBytesReceived += payloadSize;
    this.handler.onBinary(data, wireSize);
  }

  /** @internal FrameHandler */
  onFragment(isBinary: boolean, receivedBytes: number): void {
    if (this.status === ConnectionStatus.Open) this.handler.onFragment(isBinary, receivedBytes);
  }

  /** @internal FrameHandler */
  onPing(payload: Buffer, wireSize: number): void {
    if (this.status === ConnectionStatus.Open) this.handler.onPing(payload, wireSize);
  }

  /** @internal FrameHandler */
  onPong(payload: Buffer, wireSize: number): void {
    if (this.status === ConnectionStatus.Open) this.handler.onPong(payload, wireSize);
  }

  /** @internal FrameHandler */
  onClose(code: number, reason: string, wireSize: number): void {
    if (this.status === ConnectionStatus.Open) {
      this.move(ConnectionStatus.ClosedByPeer);
      // Code and reason come back as they were: IXWebSocket waits for a close frame identical to its own.
      this.writeControl(Opcode.Close, writeClosePayload(code, reason));
    }
    this.move(ConnectionStatus.CloseAcknowledged);
    this.handler.onCloseFrame(code, reason, wireSize);
  }

  /** @internal FrameHandler */
  onViolation(violation: Violation): void {
    this.fail(violation);
  }

  private countMessage(length: number, wireSize: number): number {
    if (wireSize === NOT_COMPRESSED) return wireSize;
    this.traffic.messagesSent++;
    this.traffic.payloadBytesSent += length;
    this.traffic.bytesSent += wireSize;
    return wireSize;
  }

  private writeControl(opcode: number, payload: Uint8Array): number {
    const wireSize = this.writer.writeBytes(finalFrame(opcode), payload);
    this.traffic.bytesSent += wireSize;
    return wireSize;
  }

  private sendCompressed(opcode: number, compressor: MessageCompressor, length: number): number {
    if (length === COMPRESS_FAILED) return NOT_COMPRESSED;
    const { compressed } = compressor;
    const first = opcode | RSV1_BIT;
    const wireSize =
      length > this.fragmentBytes
        ? this.sendFragments(first, Buffer.from(compressed.subarray(0, length)))
        : this.messageWriter.writeScratch(finalFrame(first), compressed, length);
    compressor.releaseCompressed();
    return wireSize;
  }

  /** Sends a whole message in frames of {@link fragmentBytes}; `first` is the first byte of the first, without FIN. */
  private sendFragments(first: number, payload: Uint8Array): number {
    const { fragmentBytes, messageWriter } = this;
    let wireSize = 0;
    for (let at = 0; at < payload.length; at += fragmentBytes) {
      const opcode = at === 0 ? first : Opcode.Continuation;
      const isLast = at + fragmentBytes >= payload.length;
      const part = payload.subarray(at, at + fragmentBytes);
      wireSize += messageWriter.writeBytes(isLast ? finalFrame(opcode) : opcode, part);
    }
    return wireSize;
  }

  private createWriter(sink: ByteSink): FrameWriter {
    const { masks, onFrame } = this;
    return onFrame === undefined ? new FrameWriter(sink, masks) : new TappedFrameWriter(sink, masks, onFrame);
  }

  private move(to: ConnectionStatus): void {
    assert(canMove(this.status, to), `a connection cannot go from ${this.status} to ${to}`);
    this.status = to;
  }
}
