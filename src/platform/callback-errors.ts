import { callSafely } from '../util/call-safely.ts';
import { checkFunction } from '../util/options.ts';
import { throwOnFreshStack } from './turn.ts';

/** Gets what callbacks and listeners throw or reject with. What it throws itself is logged. */
export type OnCallbackError = (error: unknown) => void;

/** The treatment of errors of user code: they are given to a function, thrown again, or else logged. */
export type CallbackErrors = OnCallbackError | 'throw' | undefined;

/** Checks a {@link CallbackErrors}. */
export function checkCallbackErrors(name: string, value: unknown): CallbackErrors {
  return value === 'throw' ? value : checkFunction(name, value as OnCallbackError);
}

/** Reports an error of user code, once. The process goes on, unless `'throw'` was asked for. */
export function reportCallbackError(
  errors: CallbackErrors,
  error: unknown,
  log: (error: unknown) => void = logCallbackError,
): void {
  if (errors === undefined) log(error);
  else if (errors === 'throw') throwOnFreshStack(error);
  else callSafely(() => errors(error), logCallbackError);
}

/** Writes an error of user code to the standard error stream. */
export function logCallbackError(error: unknown): void {
  try {
    console.error('ixwebsocket: a callback failed:', error);
  } catch {
    // An error of the user's may have an inspection of its own, which may do anything.
    console.error('ixwebsocket: a callback failed, with an error that cannot be shown');
  }
}
