import { throwOnFreshStack } from '../../platform/turn.ts';
import { callSafely } from '../../util/call-safely.ts';
import type { ServerEvents } from './server-events.ts';

/** The weight of a line of the log. */
export type LogLevel = 'debug' | 'info' | 'warning' | 'error';

/** Gets what a server has to say about connections that no callback hears of, such as a TLS handshake that failed. */
export type LogCallback = (level: LogLevel, message: string) => void;

/** The place for what belongs to nobody's call: lines of the log, and errors of user code. */
export class ServerLog {
  callback: LogCallback | undefined;
  private readonly onCallbackError: ((error: unknown) => void) | undefined;
  private readonly events: ServerEvents;

  constructor(
    callback: LogCallback | undefined,
    onCallbackError: ((error: unknown) => void) | undefined,
    events: ServerEvents,
  ) {
    this.callback = callback;
    this.onCallbackError = onCallbackError;
    this.events = events;
  }

  write(level: LogLevel, message: string): void {
    const { callback } = this;
    if (callback !== undefined) callSafely(() => callback(level, message), this.reportError);
  }

  /** Reports an error of user code, or of the listening socket. Made once, since every connection refers to it. */
  readonly reportError = (error: unknown): void => {
    this.events.onError(error);
    const { onCallbackError } = this;
    if (onCallbackError === undefined) {
      throwOnFreshStack(error);
      return;
    }
    try {
      onCallbackError(error);
    } catch (second) {
      throwOnFreshStack(second);
    }
  };
}
