import type { MemoryBudget } from '../../src/protocol/websocket/frames/message-assembler.ts';

/** A budget that remembers, and does not let more be released than was taken. */
export class TestBudget implements MemoryBudget {
  readonly #limit: number;
  taken = 0;
  mostTaken = 0;
  refusals = 0;
  isTight = false;

  constructor(limit: number = Number.POSITIVE_INFINITY) {
    this.#limit = limit;
  }

  take(bytes: number): boolean {
    if (!Number.isInteger(bytes) || bytes <= 0) throw new Error(`took ${bytes} bytes`);
    if (this.taken + bytes > this.#limit) {
      this.refusals++;
      return false;
    }
    this.taken += bytes;
    this.mostTaken = Math.max(this.mostTaken, this.taken);
    return true;
  }

  release(bytes: number): void {
    this.taken -= bytes;
    if (this.taken < 0) throw new Error('released more than was taken');
  }
}
