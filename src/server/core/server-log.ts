import { type CallbackErrors, reportCallbackError } from '../../platform/callback-errors.ts';
import { callSafely } from '../../util/call-safely.ts';
import type { LogCallback, LogLevel } from '../server-options.ts';
import type { ServerEvents } from './server-events.ts';

/** The place for what belongs to nobody's call: lines of the log, and errors of user code. */
export class ServerLog {
  callback: LogCallback | undefined;
  private readonly callbackErrors: CallbackErrors;
  private readonly events: ServerEvents;

  constructor(callback: LogCallback | undefined, callbackErrors: CallbackErrors, events: ServerEvents) {
    this.callback = callback;
    this.callbackErrors = callbackErrors;
    this.events = events;
  }

  write(level: LogLevel, message: string): void {
    const { callback } = this;
    if (callback === undefined) return;
    callSafely(
      () => callback(level, message),
      (error) => reportCallbackError(this.callbackErrors, error),
    );
  }

  /** Reports an error of user code, or of the listening socket, which belong to nobody's call. */
  reportError(error: unknown): void {
    this.events.onError(error);
    reportCallbackError(this.callbackErrors, error, this.callback === undefined ? undefined : this.logError);
  }

  /** Says what nobody else will hear of: to the callback, or else to the standard error stream. */
  logUnheard(message: string): void {
    if (this.callback === undefined) console.error(`ixwebsocket: ${message}`);
    else this.write('error', message);
  }

  private readonly logError = (error: unknown): void => {
    this.write('error', `a callback failed: ${describeError(error)}`);
  };
}

function describeError(error: unknown): string {
  try {
    return error instanceof Error && typeof error.stack === 'string' ? error.stack : String(error);
  } catch {
    return 'an error that cannot be shown';
  }
}
