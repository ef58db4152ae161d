/** Binary messages up to this size come from Buffer's pool; a longer one gets memory of its own. */
const POOLED_BYTES = 2048;

/** Bytes of the receiver's own. */
export function ownCopy(bytes: Buffer, start: number, end: number): Buffer {
  const length = end - start;
  const copy = length <= POOLED_BYTES ? Buffer.allocUnsafe(length) : Buffer.allocUnsafeSlow(length);
  bytes.copy(copy, 0, start, end);
  return copy;
}
