import { listenToAbort } from '../../util/abort-listeners.ts';
import { Deferred } from '../../util/deferred.ts';

interface Waiter {
  /** Sends, and settles. */
  readonly run: () => void;
}

/** Those who wait for room before they send, first come first served. */
export class RoomWaiters {
  private waiters: Waiter[] = [];

  get isEmpty(): boolean {
    return this.waiters.length === 0;
  }

  /** Resolves with what `send` returned, once it was its turn; rejects with the reason of `signal`. */
  wait<T>(send: () => T, signal: AbortSignal | undefined): Promise<T> {
    const { waiters } = this;
    const done = new Deferred<T>();
    const onAbort = (): void => {
      waiters.splice(waiters.indexOf(waiter), 1);
      done.reject(signal?.reason);
    };
    const waiter = {
      run: () => {
        letGo?.();
        done.resolve(send());
      },
    };
    waiters.push(waiter);
    const letGo = signal && listenToAbort(signal, onAbort);
    return done.promise;
  }

  /** Lets them send, one after the other, while there is room. */
  wake(hasRoom: () => boolean): void {
    while (this.waiters.length > 0 && hasRoom()) this.waiters.shift()?.run();
  }
}
