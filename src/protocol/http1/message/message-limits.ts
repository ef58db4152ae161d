import { defaultHeadLimits, type HeadLimits } from '../head/head-limits.ts';

/** Bounds on one message, all counted while it is read. How long a body may be is for the owner to say. */
export interface MessageLimits extends HeadLimits {
  /** Bytes of the trailer section of a chunked body. More are refused with 431. @default 16384 */
  readonly maxTrailerBytes: number;
  /** Fields in the trailer section. More are refused with 431. @default 100 */
  readonly maxTrailers: number;
  /** Bytes of a line with a chunk size and its extensions, without its end. More are refused with 400. @default 4096 */
  readonly maxChunkLineBytes: number;
  /** Bytes of all chunk extensions of a body. More are refused with 400. @default 16384 */
  readonly maxChunkExtensionBytes: number;
  /** Interim responses before a response. With more of them it is refused. @default 32 */
  readonly maxInterimResponses: number;
}

export const defaultMessageLimits: MessageLimits = Object.freeze({
  ...defaultHeadLimits,
  maxTrailerBytes: 16_384,
  maxTrailers: 100,
  maxChunkLineBytes: 4_096,
  maxChunkExtensionBytes: 16_384,
  maxInterimResponses: 32,
});
