/** The state of a connection as its user sees it. */
export const ReadyState = {
  /** An attempt to connect is under way. */
  Connecting: 'connecting',
  Open: 'open',
  /** A closing handshake is under way. */
  Closing: 'closing',
  /** Not connected: before the start, between attempts, and after the end. */
  Closed: 'closed',
} as const;
export type ReadyState = (typeof ReadyState)[keyof typeof ReadyState];
