import type { MemoryBudget } from '../../protocol/websocket/frames/message-assembler.ts';

/** A budget of bytes that the connections of one server share: `maxUnfinishedBytes`. */
export class MemoryAccount implements MemoryBudget {
  private readonly limit: number;
  private used = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Bytes taken. */
  get usedBytes(): number {
    return this.used;
  }

  get isTight(): boolean {
    return this.used > this.limit / 4;
  }

  take(bytes: number): boolean {
    if (this.used + bytes > this.limit) return false;
    this.used += bytes;
    return true;
  }

  release(bytes: number): void {
    this.used -= bytes;
  }
}
