import { UsageError } from '../errors.ts';

/** Calls code of the user's. What it throws, or its promise rejects with, goes to `onError` and no further. */
export function callSafely(fn: () => unknown, onError: (error: unknown) => void): void {
  try {
    const result = fn();
    if (typeof result === 'object' && result !== null) watchRejection(result, onError);
  } catch (error) {
    onError(error);
  }
}

/** Tells if a value is a promise, of whatever making. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/**
 * Refuses a promise where an answer is needed at once: it would be taken for a yes. Its rejection reaches nobody.
 *
 * @throws UsageError (`invalidOption`) with `name` in front
 */
export function atOnce<T>(name: string, value: T): T {
  if (!isThenable(value)) return value;
  Promise.resolve(value).catch(() => undefined);
  throw new UsageError(name, 'must answer at once, and not with a promise');
}

/** If `result` is a promise, its rejection goes to `onError`. */
export function watchRejection(result: object, onError: (error: unknown) => void): void {
  if (isThenable(result)) result.then(undefined, onError);
}
