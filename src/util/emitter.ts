import { isThenable } from './call-safely.ts';
/** Maps each event type to the arguments of its listeners. */
export type EventMap<Events> = { [Type in keyof Events]: readonly unknown[] };

/** A listener. Its result is not awaited; a promise that rejects counts as a throw. */
export type Listener<Args extends readonly unknown[]> = (...args: Args) => unknown;

interface Registration {
  readonly listener: Listener<never>;
  readonly once: boolean;
  /** A `once` listener may be reached twice when its event is emitted again before it ran. */
  spent: boolean;
}

/**
 * A typed event emitter in which one listener cannot harm the next: what a listener throws, or rejects
 * with, goes to `onListenerError`, and `emit` goes on. No event type is special: `error` without listeners is simply
 * not heard.
 *
 * Objects that nobody listens to stay small, so a server can give one to each of its connections.
 */
export class TypedEmitter<Events extends EventMap<Events>> {
  // Lists are replaced, never changed, so that `emit` walks a snapshot without copying.
  // A Map, because types come from users and `__proto__` must be a name like any other.
  #registrations: Map<keyof Events, readonly Registration[]> | undefined;
  readonly #onListenerError: (error: unknown, type: keyof Events) => void;

  /** `onListenerError` must not throw: it is the last resort. */
  constructor(onListenerError: (error: unknown, type: keyof Events) => void) {
    this.#onListenerError = onListenerError;
  }

  /** Tells whether anything listens to any type. */
  get hasListeners(): boolean {
    return this.#registrations !== undefined && this.#registrations.size > 0;
  }

  on<Type extends keyof Events>(type: Type, listener: Listener<Events[Type]>): this {
    return this.#add(type, { listener, once: false, spent: false });
  }

  /** Like {@link on}, but removed just before its first call. */
  once<Type extends keyof Events>(type: Type, listener: Listener<Events[Type]>): this {
    return this.#add(type, { listener, once: true, spent: false });
  }

  /** Removes the latest registration of `listener`. An `emit` under way still calls it. */
  off<Type extends keyof Events>(type: Type, listener: Listener<Events[Type]>): this {
    const list = this.#registrations?.get(type);
    const index = list?.findLastIndex((registration) => registration.listener === listener) ?? -1;
    if (index >= 0) this.#removeAt(type, index);
    return this;
  }

  listenerCount(type: keyof Events): number {
    return this.#registrations?.get(type)?.length ?? 0;
  }

  /** Calls the listeners present at this moment, in the order they were added. Returns whether there were any. */
  emit<Type extends keyof Events>(type: Type, ...args: Events[Type]): boolean {
    const list = this.#registrations?.get(type);
    if (list === undefined) return false;
    for (const registration of list) {
      if (registration.once) {
        if (registration.spent) continue;
        registration.spent = true;
        this.#remove(type, registration);
      }
      try {
        const result = (registration.listener as Listener<Events[Type]>)(...args);
        if (isThenable(result)) result.then(undefined, (error: unknown) => this.#onListenerError(error, type));
      } catch (error) {
        this.#onListenerError(error, type);
      }
    }
    return true;
  }

  #add(type: keyof Events, registration: Registration): this {
    this.#registrations ??= new Map();
    const list = this.#registrations.get(type);
    this.#registrations.set(type, list === undefined ? [registration] : [...list, registration]);
    return this;
  }

  #remove(type: keyof Events, registration: Registration): void {
    const index = this.#registrations?.get(type)?.indexOf(registration) ?? -1;
    if (index >= 0) this.#removeAt(type, index);
  }

  #removeAt(type: keyof Events, index: number): void {
    const list = this.#registrations?.get(type);
    if (list === undefined) return;
    if (list.length === 1) this.#registrations?.delete(type);
    else this.#registrations?.set(type, list.toSpliced(index, 1));
  }
}
