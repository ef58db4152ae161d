const FIRST_BYTES = 512;

/**
 * Bytes that a reader has to keep because what they belong to is not complete, and the buffer they came in is shared.
 * Their owner bounds how many there are.
 */
export class PartialBytes {
  length = 0;
  private buffer: Buffer | undefined = undefined;

  clear(): void {
    this.length = 0;
    this.buffer = undefined;
  }

  append(chunk: Buffer, start: number, end: number): void {
    if (end === start) return;
    const total = this.length + end - start;
    const buffer = this.room(total);
    chunk.copy(buffer, this.length, start, end);
    this.buffer = buffer;
    this.length = total;
  }

  /** All bytes, and those from `chunk[start]` up to `end` behind them, as text; nothing is copied but what must be. */
  textWith(chunk: Buffer, start: number, end: number): string {
    if (this.buffer === undefined) return chunk.toString('latin1', start, end);
    this.append(chunk, start, end);
    return this.buffer.toString('latin1', 0, this.length);
  }

  /** A buffer for `size` bytes that begins with the ones there are; doubling keeps single bytes linear. */
  private room(size: number): Buffer {
    if (this.buffer !== undefined && this.buffer.length >= size) return this.buffer;
    let capacity = FIRST_BYTES;
    while (capacity < size) capacity *= 2;
    // Not from the pool, of which a slow peer would keep 8 KiB alive.
    const larger = Buffer.allocUnsafeSlow(capacity);
    this.buffer?.copy(larger, 0, 0, this.length);
    return larger;
  }
}
