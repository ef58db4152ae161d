import { type Violation, Violations } from '../closing/violations.ts';

/** The result of {@link MessageDecompressor.decompress} when the input is not valid DEFLATE data. */
export const DECOMPRESS_INVALID = -1;
/** The result of {@link MessageDecompressor.decompress} when the output would pass the limit. */
export const DECOMPRESS_TOO_BIG = -2;
/** The result of {@link MessageDecompressor.decompress} when there is no memory left for an engine of one's own. */
export const DECOMPRESS_NO_MEMORY = -3;
/** The result of {@link MessageDecompressor.decompress} when the message takes longer than one turn may. */
export const DECOMPRESS_UNFINISHED = -4;

/** An inflated message, as long as nobody else inflates one. */
export interface InflatedMessage {
  /** Holds the message after a call; the next call, on any connection, overwrites it. */
  readonly output: Buffer;
  /** To be called when the message was taken out of {@link output}, which may then be given up. */
  releaseOutput(): void;
}

/** An inflater of messages with RSV1 set (RFC 7692 section 6.2). */
export interface MessageDecompressor extends InflatedMessage {
  /** Bytes of work that a connection may cause in one turn of the event loop. */
  readonly turnBytes: number;
  /**
   * Inflates one whole compressed message and returns its length in {@link output}, or one of the negative results.
   * It stops as soon as the output passes `maxBytes`.
   */
  decompress(bytes: Buffer, start: number, end: number, maxBytes: number): number;
  /**
   * Takes out the message that {@link decompress} has just left unfinished, with what it needs of `bytes`, which ends
   * at `end`.
   */
  takeUnfinished(bytes: Buffer, end: number): SlowMessage;
}

/** A message that is inflated over several turns. Its output is its own. */
export interface SlowMessage extends InflatedMessage {
  /** Inflates more of it; the same results as those of {@link MessageDecompressor.decompress}. */
  goOn(): number;
}

/** The violation that a negative result of {@link MessageDecompressor.decompress} stands for. */
export function violationOf(result: number): Violation {
  if (result === DECOMPRESS_TOO_BIG) return Violations.messageTooBig;
  return result === DECOMPRESS_NO_MEMORY ? Violations.outOfMemoryBudget : Violations.invalidCompressedData;
}
