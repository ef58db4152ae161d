/** A connection that serves ordinary HTTP requests, as its server sees it. */
export interface PlainConnection {
  /** Answers what has been asked, takes no more requests, and ends. A connection without a request ends at once. */
  finish(): void;
  /** Ends at once. */
  destroy(): void;
}
