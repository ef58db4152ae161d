import { logCallbackError } from '../platform/callback-errors.ts';
import { callSafely } from '../util/call-safely.ts';
import { checkFunction } from '../util/options.ts';

/** Is told the bytes on the wire of each message, ping and pong, of all connections of the process. */
export type OnTrafficTrackerCallback = (size: number, incoming: boolean) => unknown;

let tracker: OnTrafficTrackerCallback | undefined;

/** True when {@link trackTraffic} has anybody to tell. It is all that a message costs when it has not. */
export let isTrafficTracked: boolean = false;

/** Throws `UsageError` for what is no function. */
export function setTrafficTracker(callback: OnTrafficTrackerCallback | undefined): void {
  tracker = callback && checkFunction('callback', callback);
  isTrafficTracked = tracker !== undefined;
}

/** An error of the callback belongs to no connection, so it is logged. */
export function trackTraffic(size: number, incoming: boolean): void {
  callSafely(() => tracker?.(size, incoming), logCallbackError);
}
