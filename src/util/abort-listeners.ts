import { DenseSet, type Slotted } from './dense-set.ts';

interface AbortListener extends Slotted {
  readonly onAbort: () => void;
}

/** The listeners of one signal, which are one for the signal: of more than ten Node says that they may be a leak. */
class AbortListeners {
  private readonly signal: AbortSignal;
  private readonly listeners: DenseSet<AbortListener> = new DenseSet();
  private count = 0;

  constructor(signal: AbortSignal) {
    this.signal = signal;
  }

  add(listener: AbortListener): void {
    this.listeners.add(listener);
    // A signal that somebody listens to is not collected.
    if (++this.count === 1) this.signal.addEventListener('abort', this.tellAll);
  }

  delete(listener: AbortListener): boolean {
    if (!this.listeners.delete(listener)) return false;
    if (--this.count === 0) this.signal.removeEventListener('abort', this.tellAll);
    return true;
  }

  private readonly tellAll = (): void => {
    for (const listener of this.listeners.all()) if (this.delete(listener)) listener.onAbort();
  };
}

/** The property of a signal that holds them. A `WeakMap` would cost each request with a signal of its own more. */
const listenersKey: unique symbol = Symbol('ixwebsocket.abortListeners');

type Watched = AbortSignal & { [listenersKey]?: AbortListeners };

/**
 * Calls `onAbort` once, when `signal` is aborted from now on. Any number may listen to one signal.
 *
 * @returns lets go of the signal
 */
export function listenToAbort(signal: AbortSignal, onAbort: () => void): () => void {
  const watched: Watched = signal;
  let listeners = watched[listenersKey];
  if (listeners === undefined) {
    listeners = new AbortListeners(signal);
    Object.defineProperty(watched, listenersKey, { value: listeners });
  }
  const all = listeners;
  const listener: AbortListener = { slot: 0, onAbort };
  all.add(listener);
  return () => void all.delete(listener);
}
