/**
 * The way out for encoded bytes, without saying how they leave.
 *
 * A writer asks for room, writes into {@link bytes} at the offset it was given, and commits the end. That is how a
 * frame header and a short payload reach the output buffer without an intermediate object.
 */
export interface ByteSink {
  /** The buffer to write into. Read it anew after each {@link reserve}: the buffer behind it changes. */
  readonly bytes: Buffer;
  /** The longest stretch {@link reserve} gives. */
  readonly maxReserve: number;
  /** Makes room for `length` bytes in one piece and returns the offset in {@link bytes} where they begin. */
  reserve(length: number): number;
  /** Takes over everything written since the offset of {@link reserve}, up to `end`. */
  commit(end: number): void;
  /** Sends bytes that nobody will change until they have left, after everything committed before. */
  writeThrough(bytes: Buffer): void;
  /** Sends bytes that nobody will ever change, and that others may be sending as well. */
  writeShared(bytes: Buffer): void;
}
