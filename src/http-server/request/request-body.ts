/** A budget of bytes that many connections share. */
export interface ByteBudget {
  take(bytes: number): boolean;
  release(bytes: number): void;
}

const FIRST_BYTES = 4096;

/**
 * Gathers the body of a request in one buffer. Memory is taken for what has arrived and not for what was announced, up
 * to twice as much, and counted against a budget of the server.
 */
export class RequestBody {
  private readonly limit: number;
  private readonly expected: number;
  private readonly budget: ByteBudget | undefined;
  private buffer: Buffer | undefined = undefined;
  private length = 0;

  /** `expected` is what was announced, if it was. */
  constructor(limit: number, expected: number | undefined, budget: ByteBudget | undefined) {
    this.limit = limit;
    this.expected = expected ?? limit;
    this.budget = budget;
  }

  /** Adds a piece of the body; tells why not where it is too much. */
  add(source: Buffer, start: number, end: number): 'added' | 'tooBig' | 'noMemory' {
    const total = this.length + end - start;
    if (total > this.limit) return 'tooBig';
    let { buffer } = this;
    if (buffer === undefined || buffer.length < total) {
      const wanted = Math.max(total, Math.min(this.expected, Math.max(FIRST_BYTES, 2 * this.length)));
      const grown = wanted - (buffer?.length ?? 0);
      if (this.budget?.take(grown) === false) return 'noMemory';
      const larger = Buffer.allocUnsafe(wanted);
      buffer?.copy(larger, 0, 0, this.length);
      buffer = larger;
      this.buffer = buffer;
    }
    source.copy(buffer, this.length, start, end);
    this.length = total;
    return 'added';
  }

  /** The whole body, which counts against the budget no more. */
  take(): Buffer {
    const { buffer, length } = this;
    this.drop();
    if (buffer === undefined) return Buffer.alloc(0);
    return length === buffer.length ? buffer : buffer.subarray(0, length);
  }

  /** Gives the memory back. */
  drop(): void {
    if (this.buffer !== undefined) this.budget?.release(this.buffer.length);
    this.buffer = undefined;
  }
}
