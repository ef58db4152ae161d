/** The states of a connection that serves HTTP requests. */
export const HttpStatus = {
  /** No request has come. */
  Pending: 'pending',
  /** Requests are read and answered, one after the other. */
  Open: 'open',
  /** A response waits to be taken before the next request is looked at. */
  Draining: 'draining',
  /** The latest request asks for WebSocket: what was written before has to leave. */
  Upgrading: 'upgrading',
  /** All that will be sent was, with the end behind it; the client has the time to read it and hang up. */
  Ending: 'ending',
  /** The transport is gone, or somebody else's. */
  Closed: 'closed',
} as const;
export type HttpStatus = (typeof HttpStatus)[keyof typeof HttpStatus];

/** All moves there are. */
export const allowedMoves: Readonly<Record<HttpStatus, readonly HttpStatus[]>> = Object.freeze({
  pending: ['open', 'upgrading', 'ending', 'closed'],
  open: ['draining', 'upgrading', 'ending', 'closed'],
  draining: ['open', 'ending', 'closed'],
  upgrading: ['ending', 'closed'],
  ending: ['closed'],
  closed: [],
});

/** Tells if `from` may become `to`. */
export function canMove(from: HttpStatus, to: HttpStatus): boolean {
  return allowedMoves[from].includes(to);
}
