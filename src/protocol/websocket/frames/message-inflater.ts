import { type Violation, Violations } from '../closing/violations.ts';
import { decodeText, MAX_TEXT_BYTES } from '../text/text.ts';
import type { FrameHandler, FrameParserOptions } from './frame-handler.ts';
import { applyMask } from './masking.ts';
import {
  DECOMPRESS_UNFINISHED,
  type InflatedMessage,
  type MessageDecompressor,
  type SlowMessage,
  violationOf,
} from './message-decompressor.ts';
import { ownCopy } from './own-copy.ts';

/** Work of a byte that is inflated, in bytes that come out; one in a DEFLATE block of no use takes far longer. */
const INPUT_WORK = 16;

/**
 * Inflates the compressed messages of one connection and delivers them, as much as belongs into one turn of the event
 * loop: with more than that, or in the middle of a message that takes long, {@link mustWait} is true until
 * {@link goOn}.
 */
export class MessageInflater {
  /** True when what comes next has to wait for another turn. */
  mustWait = false;
  /** The message that is being inflated, when it is not finished. */
  private slow: SlowMessage | undefined;
  private slowIsText = false;
  private slowWireSize = 0;
  private work = 0;
  private readonly decompressor: MessageDecompressor;
  private readonly options: FrameParserOptions;

  constructor(decompressor: MessageDecompressor, options: FrameParserOptions) {
    this.decompressor = decompressor;
    this.options = options;
  }

  /** Inflates the message that lies in `bytes` and delivers it, unless it has to be finished later. */
  inflate(bytes: Buffer, start: number, end: number, isText: boolean, wireSize: number): Violation | undefined {
    const { decompressor, options } = this;
    const limit = isText ? Math.min(options.maxMessageBytes, MAX_TEXT_BYTES) : options.maxMessageBytes;
    const length = decompressor.decompress(bytes, start, end, limit);
    if (length === DECOMPRESS_UNFINISHED) {
      this.slow = decompressor.takeUnfinished(bytes, end);
      this.slowIsText = isText;
      this.slowWireSize = wireSize;
      this.mustWait = true;
      return undefined;
    }
    this.work += length + (end - start) * INPUT_WORK;
    if (this.work > decompressor.turnBytes) this.mustWait = true;
    return this.deliver(decompressor, length, isText, wireSize);
  }

  /** Begins another turn. */
  goOn(): Violation | undefined {
    this.mustWait = false;
    this.work = 0;
    const { slow } = this;
    if (slow === undefined) return undefined;
    const length = slow.goOn();
    if (length === DECOMPRESS_UNFINISHED) {
      this.mustWait = true;
      return undefined;
    }
    this.slow = undefined;
    return this.deliver(slow, length, this.slowIsText, this.slowWireSize);
  }

  /** Gives up the message that is being inflated. */
  discard(): void {
    this.mustWait = false;
    this.slow?.releaseOutput();
    this.slow = undefined;
  }

  private deliver(message: InflatedMessage, length: number, isText: boolean, wireSize: number): Violation | undefined {
    if (length < 0) return violationOf(length);
    const { isUtf8 } = this.options;
    const handler: FrameHandler = this.options.handler;
    const { output } = message;
    const seen = isText ? applyMask(output, 0, length, 0) : 0;
    const isValid = (seen & 0x80) === 0 || isUtf8(output.subarray(0, length));
    const content = !isValid ? undefined : isText ? decodeText(output, 0, length, seen) : ownCopy(output, 0, length);
    message.releaseOutput();
    if (content === undefined) return Violations.invalidUtf8;
    if (typeof content === 'string') handler.onText(content, wireSize, length);
    else handler.onBinary(content, wireSize, length);
    return undefined;
  }
}
