/** The result of {@link MessageDecompressor.decompress} when the input is not valid DEFLATE data. */
export const DECOMPRESS_INVALID = -1;
/** The result of {@link MessageDecompressor.decompress} when the output would pass the limit. */
export const DECOMPRESS_TOO_BIG = -2;

/** What turns the payload of a message with RSV1 set back into the message (RFC 7692 section 6.2). */
export interface MessageDecompressor {
  /** Holds the message after a call; the next call, on any connection, overwrites it. */
  readonly output: Buffer;
  /**
   * Inflates one whole compressed message and returns its length in {@link output}, or one of the negative results.
   * It stops as soon as the output passes `maxBytes`.
   */
  decompress(bytes: Buffer, start: number, end: number, maxBytes: number): number;
}
