const FIRST_CHUNK_BYTES = 1024;
const CHUNK_BYTES = 16 * 1024;
/** A buffer of its own costs about as much as copying this. */
const SHORT_BYTES = 1024;

/**
 * Bytes that wait because the socket is congested. Short pieces are gathered in chunks, so that a thousand messages
 * of ten bytes cost ten kilobytes and not a thousand buffers.
 */
export class WriteQueue {
  private chunks: Buffer[] = [];
  private tailLength = 0;
  private tailIsOpen = false;
  /** Bytes that wait. */
  bytes = 0;

  /** Copies `start` to `end` of `source` to the end of the queue. */
  copy(source: Buffer, start: number, end: number): void {
    let at = start;
    this.bytes += end - start;
    while (at < end) {
      const tail = this.tailWithRoom(end - at);
      const count = Math.min(end - at, tail.length - this.tailLength);
      source.copy(tail, this.tailLength, at, at + count);
      this.tailLength += count;
      at += count;
    }
  }

  /** Puts a buffer that nobody changes at the end of the queue. */
  append(bytes: Buffer): void {
    this.closeTail();
    this.chunks.push(bytes);
    this.bytes += bytes.length;
  }

  /** The same, but short ones are copied: for those that are needed elsewhere anyway. */
  add(bytes: Buffer): void {
    if (bytes.length < SHORT_BYTES) this.copy(bytes, 0, bytes.length);
    else this.append(bytes);
  }

  /** Takes everything out, in order. */
  takeAll(): Buffer[] {
    this.closeTail();
    const { chunks } = this;
    this.chunks = [];
    this.bytes = 0;
    return chunks;
  }

  private tailWithRoom(wanted: number): Buffer {
    const tail = this.chunks.at(-1);
    if (tail !== undefined && this.tailIsOpen && this.tailLength < tail.length) return tail;
    const previous = tail !== undefined && this.tailIsOpen ? tail.length : FIRST_CHUNK_BYTES / 2;
    this.closeTail();
    const next = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, Math.max(wanted, previous * 2)));
    this.chunks.push(next);
    this.tailIsOpen = true;
    this.tailLength = 0;
    return next;
  }

  private closeTail(): void {
    const tail = this.chunks.at(-1);
    if (this.tailIsOpen && tail !== undefined && this.tailLength < tail.length) {
      this.chunks[this.chunks.length - 1] = tail.subarray(0, this.tailLength);
    }
    this.tailIsOpen = false;
  }
}
