import type { PendingConnection } from '../admission/pending-connections.ts';

/** A connection that serves ordinary HTTP requests, as its server sees it. It is pending until the first one. */
export interface PlainConnection extends PendingConnection {
  /** Answers what has been asked, takes no more requests, and ends. A connection without a request ends at once. */
  finish(): void;
}
