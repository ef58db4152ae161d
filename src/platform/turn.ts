import process from 'node:process';

/** Runs `fn(arg)` when the running callback and everything it queued with promises before has ended, before any I/O. */
export function afterThisCallback<T>(fn: (arg: T) => void, arg: T): void {
  process.nextTick(fn, arg);
}

/** Runs `fn` when this turn of the event loop is over. It keeps the process alive until then. */
export function afterThisTurn(fn: () => void): void {
  setImmediate(fn);
}

/**
 * Runs `fn(arg)` when every socket has been looked at again: what had arrived on one by now has been reported. In the
 * phase that looks at sockets one `setImmediate` would come too early, hence two.
 */
export function afterNextPoll<T>(fn: (arg: T) => void, arg: T): void {
  setImmediate(afterThisPoll, fn, arg);
}

function afterThisPoll<T>(fn: (arg: T) => void, arg: T): void {
  setImmediate(fn, arg);
}

/** The number of this turn of the event loop. Half a microsecond, so it is not for every message. */
export function turnNumber(): number {
  return performance.nodeTiming.uvMetricsInfo.loopCount;
}

/** Runs `fn` when the process exits, when nothing asynchronous can happen any more. */
export function onProcessExit(fn: () => void): void {
  process.once('exit', fn);
}

/** Throws `error` where nothing of ours is on the stack, so that it is an uncaught exception. */
export function throwOnFreshStack(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}
