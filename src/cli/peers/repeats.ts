/** A connection that lasted so long is none of a series that is made and lost again. */
const LASTING_MS = 5000;

/**
 * Counts what happens to a connection that is made again and again. A server that accepts and closes would fill the
 * screen: what has been said once is only counted.
 */
export class Repeats {
  private readonly counts = new Map<string, number>();
  private readonly elapsedMs: () => number;
  private openedMs: number | undefined;

  constructor(elapsedMs: () => number) {
    this.elapsedMs = elapsedMs;
  }

  /** @returns how often the connection was made in this series */
  opened(): number {
    this.openedMs = this.elapsedMs();
    return this.count('open');
  }

  /** @returns how often it has ended with these words in this series */
  ended(words: string): number {
    if (this.openedMs !== undefined && this.elapsedMs() - this.openedMs >= LASTING_MS) this.counts.clear();
    this.openedMs = undefined;
    return this.count(words);
  }

  private count(key: string): number {
    const count = (this.counts.get(key) ?? 0) + 1;
    this.counts.set(key, count);
    return count;
  }
}

/** True for the 1st, 2nd, 4th, 8th … time: where lines cannot be replaced, these are enough. */
export function isWorthALine(count: number): boolean {
  return (count & (count - 1)) === 0;
}

export function timesOf(count: number): string {
  return count === 1 ? '' : ` (${count} times)`;
}
