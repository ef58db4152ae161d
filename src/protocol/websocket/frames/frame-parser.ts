import { parseClosePayload } from '../closing/close-payload.ts';
import { type Violation, Violations } from '../closing/violations.ts';
import { decodeText, MAX_TEXT_BYTES } from '../text/text.ts';
import type { IsUtf8 } from '../text/utf8.ts';
import type { FrameHandler, FrameParserOptions } from './frame-handler.ts';
import { checkFrameStart, readPayloadLength } from './frame-rules.ts';
import { applyMask, rotateMask } from './masking.ts';
import { type MemoryBudget, MessageAssembler } from './message-assembler.ts';
import { MessageInflater } from './message-inflater.ts';
import {
  CONTROL_BIT,
  FIN_BIT,
  LENGTH_BITS,
  MASK_BIT,
  MAX_CONTROL_PAYLOAD_BYTES,
  MAX_HEADER_BYTES,
  OPCODE_BITS,
  Opcode,
  RSV1_BIT,
} from './opcodes.ts';
import { ownCopy } from './own-copy.ts';

const Phase = { Ready: 0, Header: 1, Payload: 2, Discard: 3 } as const;
type Phase = (typeof Phase)[keyof typeof Phase];

/** Why a parser stops before the next frame: it was told to, or what it inflates has to leave time to others. */
const STOPPED_BY_CALL = 1;
const STOPPED_FOR_A_TURN = 2;

/** Progress inside one frame is reported for frames longer than this, IXWebSocket's fragment size. */
const PROGRESS_FROM_BYTES = 32 * 1024;

const EMPTY = Buffer.alloc(0);

/**
 * Reads frames (RFC 6455 section 5) by cursor, straight from the buffer that the transport read into.
 *
 * A message that lies in the buffer as one frame is unmasked in place and delivered at once; anything else goes
 * through a state machine of three phases, which keeps what it has seen and never looks at a byte twice. Every
 * violation is reported with the first byte that makes it certain.
 */
export class FrameParser {
  private phase: Phase = Phase.Ready;
  /** Reasons to stop before the next frame. */
  private stops = 0;
  private readonly handler: FrameHandler;
  private readonly maskBit: number;
  private readonly maxMessageBytes: number;
  private readonly maxFragments: number;
  private readonly isUtf8: IsUtf8;
  private readonly inflater: MessageInflater | undefined;
  private readonly budget: MemoryBudget | undefined;

  /** Created when first needed: most connections never see a frame that is not whole in one read. */
  private message: MessageAssembler | undefined;
  private header: Buffer | undefined;
  private headerLength = 0;
  private control: Buffer | undefined;
  private controlLength = 0;
  private first = 0;
  private mask = 0;
  private payloadLength = 0;
  private payloadLeft = 0;

  constructor(options: FrameParserOptions) {
    this.handler = options.handler;
    this.maskBit = options.expectMasked ? MASK_BIT : 0;
    this.maxMessageBytes = options.maxMessageBytes;
    this.maxFragments = options.maxFragments;
    this.isUtf8 = options.isUtf8;
    this.inflater = options.decompressor && new MessageInflater(options.decompressor, options);
    this.budget = options.budget;
  }

  /**
   * Parses `start` to `end`, which it overwrites while unmasking, and returns how far it came: `end`, or less after
   * {@link stop}. Nothing of `bytes` is referenced after it returns.
   */
  parse(bytes: Buffer, start: number, end: number): number {
    let at = start;
    while (at < end) {
      if (this.phase === Phase.Ready) {
        if (this.stops !== 0) return at;
        const next = this.parseWholeMessage(bytes, at, end);
        if (next !== 0) {
          at = next;
          continue;
        }
        this.phase = Phase.Header;
        this.headerLength = 0;
      } else if (this.phase === Phase.Header) at = this.parseHeader(bytes, at, end);
      else if (this.phase === Phase.Payload) at = this.parsePayload(bytes, at, end);
      else return end;
    }
    return at;
  }

  /** Makes {@link parse} return before the next frame; allowed inside a callback. */
  stop(): void {
    this.stops |= STOPPED_BY_CALL;
  }

  /** Takes {@link stop} back. */
  resume(): void {
    this.stops &= ~STOPPED_BY_CALL;
  }

  /** True when {@link parse} has stopped because the messages have had their share of this turn. */
  get mustWait(): boolean {
    return (this.stops & STOPPED_FOR_A_TURN) !== 0;
  }

  /** Begins another turn: goes on with a message that is not finished, and lets {@link parse} go on as well. */
  goOn(): void {
    const { inflater } = this;
    if (inflater === undefined || !this.mustWait) return;
    const violation = inflater.goOn();
    if (violation !== undefined) this.fail(violation);
    if (!inflater.mustWait) this.stops &= ~STOPPED_FOR_A_TURN;
  }

  /** Tells whether what comes next begins a frame. */
  get isBetweenFrames(): boolean {
    return this.phase === Phase.Ready;
  }

  /** Ignores everything from now on and gives back the memory of an unfinished message. */
  discard(): void {
    this.phase = Phase.Discard;
    this.message?.end();
    this.message = undefined;
    this.inflater?.discard();
    this.stops &= ~STOPPED_FOR_A_TURN;
  }

  /**
   * The fast path: one unfragmented message, whole in this read. Returns where it ended, or 0 when the bytes are
   * anything else, without having touched them. That it reports what the phases report is proved by
   * `test/protocol/websocket/frame-parser-properties.test.ts`, "however the bytes are cut": a wire that is cut inside
   * of each frame goes through the phases alone.
   */
  private parseWholeMessage(bytes: Buffer, start: number, end: number): number {
    if (end - start < 2) return 0;
    const first = bytes[start] as number;
    const second = bytes[start + 1] as number;
    const rsv1 = this.inflater === undefined ? 0 : first & RSV1_BIT;
    const isText = first === (FIN_BIT | Opcode.Text | rsv1);
    if (!isText && first !== (FIN_BIT | Opcode.Binary | rsv1)) return 0;
    if ((second & MASK_BIT) !== this.maskBit || this.isInMessage) return 0;
    let length = second & LENGTH_BITS;
    let at = start + 2;
    if (length > 125) {
      if (length === 127 || end - at < 2) return 0;
      length = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
      at += 2;
      if (length < 126) return 0;
    }
    let mask = 0;
    if (this.maskBit !== 0) {
      if (end - at < 4) return 0;
      mask =
        (bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24);
      at += 4;
    }
    const payloadEnd = at + length;
    if (payloadEnd > end || length > this.maxMessageBytes) return 0;
    const wireSize = payloadEnd - start;
    if (rsv1 !== 0) {
      applyMask(bytes, at, payloadEnd, mask);
      this.inflate(bytes, at, payloadEnd, isText, wireSize);
    } else if (isText) {
      const seen = applyMask(bytes, at, payloadEnd, mask);
      if ((seen & 0x80) !== 0 && !this.isUtf8(bytes.subarray(at, payloadEnd))) this.fail(Violations.invalidUtf8);
      else this.handler.onText(decodeText(bytes, at, payloadEnd, seen), wireSize, payloadEnd - at);
    } else {
      if (mask !== 0) applyMask(bytes, at, payloadEnd, mask);
      this.handler.onBinary(ownCopy(bytes, at, payloadEnd), wireSize, payloadEnd - at);
    }
    return payloadEnd;
  }

  private get isInMessage(): boolean {
    return this.message !== undefined && this.message.opcode !== 0;
  }

  private parseHeader(bytes: Buffer, start: number, end: number): number {
    this.header ??= Buffer.allocUnsafeSlow(MAX_HEADER_BYTES);
    const { header } = this;
    let at = start;
    while (at < end) {
      header[this.headerLength++] = bytes[at++] as number;
      if (this.headerLength < 2) continue;
      const second = header[1] as number;
      const lengthEnd = (second & LENGTH_BITS) < 126 ? 2 : (second & LENGTH_BITS) === 126 ? 4 : 10;
      let violation: Violation | undefined;
      if (this.headerLength === 2) violation = this.checkFrameStart(header[0] as number, second);
      if (violation === undefined && this.headerLength === lengthEnd) violation = this.checkLength(header);
      if (violation !== undefined) {
        this.fail(violation);
        return end;
      }
      if (this.headerLength === lengthEnd + (this.maskBit === 0 ? 0 : 4)) {
        this.mask = this.maskBit === 0 ? 0 : header.readInt32LE(lengthEnd);
        this.beginPayload();
        return at;
      }
    }
    return at;
  }

  private checkFrameStart(first: number, second: number): Violation | undefined {
    this.first = first;
    return checkFrameStart(first, second, this.maskBit, this.inflater !== undefined, this.isInMessage);
  }

  /** All that the length can tell, before a byte of payload is accepted. */
  private checkLength(header: Buffer): Violation | undefined {
    const length = readPayloadLength(header);
    if (typeof length !== 'number') return length;
    this.payloadLength = length;
    if ((this.first & CONTROL_BIT) !== 0) return undefined;
    this.message ??= new MessageAssembler(this.isUtf8, this.budget);
    const { message } = this;
    const opcode = this.first & OPCODE_BITS;
    if (opcode !== Opcode.Continuation) message.begin(opcode, (this.first & RSV1_BIT) !== 0);
    if (length > this.payloadLimit(message) - message.length) return Violations.messageTooBig;
    if (++message.fragmentCount > this.maxFragments) return Violations.tooManyFragments;
    return undefined;
  }

  /** Compressed data may be a little longer than what it stands for: stored blocks cost 5 bytes for each 16 KiB. */
  private payloadLimit(message: MessageAssembler): number {
    if (message.isCompressed) return this.maxMessageBytes + (this.maxMessageBytes >> 10) + 64;
    return message.opcode === Opcode.Text ? Math.min(this.maxMessageBytes, MAX_TEXT_BYTES) : this.maxMessageBytes;
  }

  private beginPayload(): void {
    this.phase = Phase.Payload;
    this.payloadLeft = this.payloadLength;
    if ((this.first & CONTROL_BIT) !== 0) {
      this.controlLength = 0;
      if (this.payloadLength === 0) this.finishControl(EMPTY);
      return;
    }
    const { message } = this;
    if (message === undefined) return;
    message.wireSize += this.headerLength;
    const isWhole = (this.first & FIN_BIT) !== 0 && message.fragmentCount === 1;
    const violation = message.expect(this.payloadLength, isWhole);
    if (violation !== undefined) this.fail(violation);
    else if (this.payloadLength === 0) this.finishDataFrame(message);
  }

  private parsePayload(bytes: Buffer, start: number, end: number): number {
    const count = Math.min(this.payloadLeft, end - start);
    const payloadEnd = start + count;
    const mask = rotateMask(this.mask, this.payloadLength - this.payloadLeft);
    const { message } = this;
    if ((this.first & CONTROL_BIT) !== 0) this.appendControl(bytes, start, payloadEnd, mask);
    else if (message !== undefined) {
      const violation = message.append(bytes, start, payloadEnd, mask, this.payloadLeft);
      if (violation !== undefined) {
        this.fail(violation);
        return end;
      }
    }
    this.payloadLeft -= count;
    if (this.payloadLeft === 0) this.finishFrame();
    else if (this.payloadLength > PROGRESS_FROM_BYTES && message !== undefined && (this.first & CONTROL_BIT) === 0) {
      this.handler.onFragment(message.opcode === Opcode.Binary, message.length);
    }
    return payloadEnd;
  }

  private appendControl(bytes: Buffer, start: number, end: number, mask: number): void {
    this.control ??= Buffer.allocUnsafeSlow(MAX_CONTROL_PAYLOAD_BYTES);
    applyMask(bytes, start, end, mask);
    bytes.copy(this.control, this.controlLength, start, end);
    this.controlLength += end - start;
  }

  private finishFrame(): void {
    const { message } = this;
    if ((this.first & CONTROL_BIT) !== 0) {
      this.finishControl(this.control === undefined ? EMPTY : ownCopy(this.control, 0, this.controlLength));
    } else if (message !== undefined) this.finishDataFrame(message);
  }

  private finishControl(payload: Buffer): void {
    this.phase = Phase.Ready;
    const wireSize = this.headerLength + payload.length;
    const opcode = this.first & OPCODE_BITS;
    if (opcode === Opcode.Ping) this.handler.onPing(payload, wireSize);
    else if (opcode === Opcode.Pong) this.handler.onPong(payload, wireSize);
    else {
      const close = parseClosePayload(payload, this.isUtf8);
      if ('violation' in close) this.fail(close.violation);
      else {
        this.discard();
        this.handler.onClose(close.code, close.reason, wireSize);
      }
    }
  }

  private finishDataFrame(message: MessageAssembler): void {
    this.phase = Phase.Ready;
    message.wireSize += this.payloadLength;
    if ((this.first & FIN_BIT) !== 0) this.finishMessage(message);
    else this.handler.onFragment(message.opcode === Opcode.Binary, message.length);
  }

  private finishMessage(message: MessageAssembler): void {
    const { wireSize, length, seen } = message;
    if (message.isCompressed) {
      this.finishCompressed(message);
      return;
    }
    if (message.opcode === Opcode.Binary) {
      const data = message.takeBytes();
      message.end();
      this.handler.onBinary(data, wireSize, length);
    } else if (!message.isTextComplete) this.fail(Violations.invalidUtf8);
    else {
      const text = message.buffer === undefined ? '' : decodeText(message.buffer, 0, length, seen);
      message.end();
      this.handler.onText(text, wireSize, length);
    }
  }

  private finishCompressed(message: MessageAssembler): void {
    const { buffer, length, opcode, wireSize } = message;
    // Its memory is given back at once; nobody else gets it before the message is inflated.
    message.end();
    this.inflate(buffer ?? EMPTY, 0, length, opcode === Opcode.Text, wireSize);
  }

  private inflate(bytes: Buffer, start: number, end: number, isText: boolean, wireSize: number): void {
    const { inflater } = this;
    if (inflater === undefined) return;
    const violation = inflater.inflate(bytes, start, end, isText, wireSize);
    if (violation !== undefined) this.fail(violation);
    else if (inflater.mustWait) this.stops |= STOPPED_FOR_A_TURN;
  }

  private fail(violation: Violation): void {
    this.discard();
    this.handler.onViolation(violation);
  }
}
