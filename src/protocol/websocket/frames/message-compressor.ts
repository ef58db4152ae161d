/** The result of {@link MessageCompressor.compressText} and its like when compressing failed: nothing is to be sent. */
export const COMPRESS_FAILED = -1;
/** The result when the compressed form would not be smaller: the message is to be sent as it is. */
export const COMPRESS_NOT_SMALLER = -2;

/** A maker of payloads of messages with RSV1 set (RFC 7692 section 6.1). */
export interface MessageCompressor {
  /**
   * A number for how messages are compressed: those with the same number make the same of a message. -1 when what
   * comes out depends on the messages before.
   */
  readonly parameters: number;
  /** Holds the payload after a call; the next call, on any connection, overwrites it. */
  readonly compressed: Buffer;
  /** Tells whether a message of `length` bytes is to be compressed. */
  wants(length: number): boolean;
  /** Compresses a text that takes `length` bytes in UTF-8; the length of the payload, or a negative result. */
  compressText(text: string, length: number): number;
  compressBytes(bytes: Uint8Array): number;
  /** The payload was taken out of {@link compressed}, which may be given up. */
  releaseCompressed(): void;
}
