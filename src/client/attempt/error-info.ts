import { shownErrorInfo } from '../../connection/messages/message-objects.ts';
import type { WebSocketErrorInfo } from '../../connection/messages/messages.ts';
import { ConnectError, UsageError } from '../../errors.ts';
import { attemptOf } from './attempt-recorder.ts';

/** Errors that no further attempt can heal. */
export function isHopeless(error: unknown): boolean {
  if (error instanceof ConnectError) return !error.retryable;
  return error instanceof UsageError;
}

/** Makes what users are told of an attempt that failed. */
export function toErrorInfo(error: unknown, retries: number, waitTime: number): WebSocketErrorInfo {
  const cause =
    error instanceof ConnectError || error instanceof UsageError
      ? error
      : new ConnectError('connectFailed', 'connect', error instanceof Error ? error.message : String(error), {
          cause: error,
        });
  const { message: reason, code } = cause;
  const common = { retries, waitTime, reason, decompressionError: false, code, cause };
  if (!(cause instanceof ConnectError)) {
    return shownErrorInfo({ ...common, httpStatus: 0, phase: 'url', retryable: false, attempt: undefined });
  }
  const { httpStatus, phase, retryable } = cause;
  return shownErrorInfo({ ...common, httpStatus, phase, retryable, attempt: attemptOf(cause) });
}
