/** Calls code of the user's. What it throws, or its promise rejects with, goes to `onError` and no further. */
export function callSafely(fn: () => unknown, onError: (error: unknown) => void): void {
  try {
    const result = fn();
    if (typeof result === 'object' && result !== null) watchRejection(result, onError);
  } catch (error) {
    onError(error);
  }
}

/** If `result` is a promise, its rejection goes to `onError`. */
export function watchRejection(result: object, onError: (error: unknown) => void): void {
  if ('then' in result && typeof result.then === 'function') {
    (result as PromiseLike<unknown>).then(undefined, onError);
  }
}
