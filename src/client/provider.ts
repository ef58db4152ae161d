/** The argument of a {@link Provider}. */
export interface ProviderContext {
  /** Aborted when the client is stopped, or the time for an attempt is over. */
  readonly signal: AbortSignal;
}

/** Is called for each attempt to connect, for values that change, such as a token. What it throws fails the attempt. */
export type Provider<T> = (context: ProviderContext) => T | PromiseLike<T>;
