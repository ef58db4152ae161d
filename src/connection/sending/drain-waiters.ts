/** Those who wait until everything that was sent has left. */
export class DrainWaiters {
  private waiters: (() => void)[] | undefined;

  wait(): Promise<void> {
    const waiters = (this.waiters ??= []);
    return new Promise((resolve) => waiters.push(resolve));
  }

  wakeAll(): void {
    const { waiters } = this;
    if (waiters === undefined) return;
    this.waiters = undefined;
    for (const wake of waiters) wake();
  }
}
