import type { Violation } from '../closing/violations.ts';
import type { IsUtf8 } from '../text/utf8.ts';
import type { MemoryBudget } from './message-assembler.ts';
import type { MessageDecompressor } from './message-decompressor.ts';

/** The receiver of what a `FrameParser` finds. Buffers given to it belong to it. */
export interface FrameHandler {
  onText(text: string, wireSize: number, payloadSize: number): void;
  onBinary(data: Buffer, wireSize: number, payloadSize: number): void;
  /** A part of a larger message arrived: `receivedBytes` of its payload so far. */
  onFragment(isBinary: boolean, receivedBytes: number): void;
  onPing(payload: Buffer, wireSize: number): void;
  onPong(payload: Buffer, wireSize: number): void;
  /** A valid close frame; code 1005 when it carried none. Everything after it is discarded. */
  onClose(code: number, reason: string, wireSize: number): void;
  /** The peer broke the protocol. Everything after that is discarded. */
  onViolation(violation: Violation): void;
}

export interface FrameParserOptions {
  readonly handler: FrameHandler;
  /** Servers expect masked frames and nothing else, clients the opposite (RFC 6455 section 5.1). */
  readonly expectMasked: boolean;
  readonly maxMessageBytes: number;
  readonly maxFragments: number;
  readonly isUtf8: IsUtf8;
  readonly budget?: MemoryBudget | undefined;
  /** Given when permessage-deflate was agreed on: allows RSV1 on the first frame of a message. */
  readonly decompressor?: MessageDecompressor | undefined;
}
