import { type CancelWatcher, type HttpRequestArgs, unwatchCancel, watchCancel } from './request-args.ts';

/** By what a request may be cancelled. */
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
  private readonly call: Cancellable;

  private constructor(call: Cancellable, onCancel: () => void) {
    this.call = call;
    this.onCancel = onCancel;
  }

  /** Calls `onCancel` once; there is nothing to listen to for most requests. */
  static watch(call: Cancellable, onCancel: () => void): Cancellation | undefined {
    const { args, settings } = call;
    if (args === undefined && settings.signal === undefined) return undefined;
    const cancellation = new Cancellation(call, onCancel);
    settings.signal?.addEventListener('abort', onCancel, { once: true });
    if (args !== undefined) watchCancel(args, cancellation);
    return cancellation;
  }

  /** Stops listening. */
  release(): void {
    const { args, settings } = this.call;
    settings.signal?.removeEventListener('abort', this.onCancel);
    if (args !== undefined) unwatchCancel(args, this);
  }
}
