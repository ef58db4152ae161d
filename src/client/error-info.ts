import type { WebSocketErrorInfo } from '../connection/messages.ts';
import { ConnectError, UsageError } from '../errors.ts';

/** Errors that no further attempt can heal. */
export function isHopeless(error: unknown): boolean {
  if (error instanceof ConnectError) return error.code === 'invalidUrl' || error.code.startsWith('tlsOptions');
  return error instanceof UsageError;
}

/** What users are told of an attempt that failed. */
export function toErrorInfo(error: unknown, retries: number, waitTime: number): WebSocketErrorInfo {
  const cause =
    error instanceof ConnectError || error instanceof UsageError
      ? error
      : new ConnectError('connectFailed', 'connect', error instanceof Error ? error.message : String(error), {
          cause: error,
        });
  const httpStatus = cause instanceof ConnectError ? cause.httpStatus : 0;
  return { retries, waitTime, httpStatus, reason: cause.message, decompressionError: false, code: cause.code, cause };
}
