import { listenToAbort } from '../../util/abort-listeners.ts';
import { type CancelWatcher, type HttpRequestArgs, unwatchCancel, watchCancel } from './request-args.ts';

/** The means by which a request may be cancelled. */
export interface Cancellable {
  readonly args: HttpRequestArgs | undefined;
  readonly settings: { readonly signal: AbortSignal | undefined };
}

/** Tells whether it has been cancelled already. */
export function isCancelled({ args, settings }: Cancellable): boolean {
  return settings.signal?.aborted === true || args?.cancel === true;
}

/** Listens for the end of a request, to its arguments and to its signal. */
export class Cancellation implements CancelWatcher {
  slot = 0;
  readonly onCancel: () => void;
  private readonly args: HttpRequestArgs | undefined;
  private readonly letGo: (() => void) | undefined;

  private constructor({ args, settings: { signal } }: Cancellable, onCancel: () => void) {
    this.args = args;
    this.onCancel = onCancel;
    this.letGo = signal === undefined ? undefined : listenToAbort(signal, onCancel);
    if (args !== undefined) watchCancel(args, this);
  }

  /** Calls `onCancel` once; there is nothing to listen to for most requests. */
  static watch(call: Cancellable, onCancel: () => void): Cancellation | undefined {
    const { args, settings } = call;
    if (args === undefined && settings.signal === undefined) return undefined;
    return new Cancellation(call, onCancel);
  }

  /** Stops listening. */
  release(): void {
    this.letGo?.();
    if (this.args !== undefined) unwatchCancel(this.args, this);
  }
}
