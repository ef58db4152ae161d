import { patient } from './patience.ts';

/** Anything but what stands for "not yet". */
export type Something<T> = Exclude<T, undefined | null | false>;

/** Turns "something has changed" into promises for conditions, each with a deadline. */
export class Watch {
  readonly #waiters = new Set<() => boolean>();

  /** Looks again at what is waited for. */
  changed(): void {
    for (const check of this.#waiters) {
      if (check()) this.#waiters.delete(check);
    }
  }

  /** What `read` gives once it gives something; asked now and at every change. Times `patience`. */
  until<T>(what: string, read: () => T, withinMs = 4000): Promise<Something<T>> {
    const limitMs = patient(withinMs);
    return new Promise((resolve, reject) => {
      const check = (): boolean => {
        const value = read();
        if (value === undefined || value === null || value === false) return false;
        clearTimeout(timer);
        resolve(value as Something<T>);
        return true;
      };
      const timer = setTimeout(() => {
        this.#waiters.delete(check);
        reject(new Error(`waited ${limitMs} ms in vain for ${what}`));
      }, limitMs);
      if (!check()) this.#waiters.add(check);
    });
  }
}
