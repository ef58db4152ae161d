/** A request that waits for its turn. */
export interface QueuedRequest {
  /** Begins, and resolves when the request is over. Never rejects. */
  run(): Promise<void>;
  /** It will not run. */
  cancel(): void;
}

/** Requests that run in the order in which they came, so many at a time. */
export class RequestQueue {
  private readonly concurrency: number;
  private readonly waiting: Set<QueuedRequest> = new Set();
  private running = 0;

  constructor(concurrency: number) {
    this.concurrency = concurrency;
  }

  add(request: QueuedRequest): void {
    this.waiting.add(request);
    this.next();
  }

  /** Takes out one that has not begun. Tells whether there was one. */
  remove(request: QueuedRequest): boolean {
    return this.waiting.delete(request);
  }

  /** Cancels all that have not begun. */
  clear(): void {
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const request of waiting) request.cancel();
  }

  private next(): void {
    if (this.running >= this.concurrency) return;
    const [request] = this.waiting;
    if (request === undefined) return;
    this.waiting.delete(request);
    void this.run(request);
  }

  private async run(request: QueuedRequest): Promise<void> {
    this.running++;
    await request.run();
    this.running--;
    this.next();
  }
}
