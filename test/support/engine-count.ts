import { createHook } from 'node:async_hooks';
import { onTestFinished } from 'vitest';

/**
 * Counts the engines of zlib from when it is made to the end of the test. One is gone when its memory was collected.
 */
export class EngineCount {
  made = 0;
  readonly #alive = new Set<number>();

  constructor() {
    const hook = createHook({
      init: (id, type) => {
        if (type !== 'ZLIB') return;
        this.made++;
        this.#alive.add(id);
      },
      destroy: (id) => {
        this.#alive.delete(id);
      },
    });
    hook.enable();
    onTestFinished(() => void hook.disable());
  }

  get alive(): number {
    return this.#alive.size;
  }
}
