/**
 * The states of a WebSocket connection after its opening handshake, and before it where it matters (RFC 6455
 * sections 4.1 and 7.1). What others call "closing" is three states: they differ in what may still be sent, and in
 * who is waited for.
 */
export const ConnectionStatus = {
  /** The opening handshake is under way. */
  Connecting: 'connecting',
  /** Data flows both ways. */
  Open: 'open',
  /** We sent a close frame and wait for the peer's. */
  ClosedByUs: 'closedByUs',
  /** The peer sent a close frame; ours is not out yet. */
  ClosedByPeer: 'closedByPeer',
  /** Both close frames were sent; what is left is the end of the transport. */
  CloseAcknowledged: 'closeAcknowledged',
  /** The transport is gone. */
  Closed: 'closed',
} as const;
export type ConnectionStatus = (typeof ConnectionStatus)[keyof typeof ConnectionStatus];

/** All moves there are. */
export const allowedMoves: Readonly<Record<ConnectionStatus, readonly ConnectionStatus[]>> = Object.freeze({
  connecting: ['open', 'closed'],
  open: ['closedByUs', 'closedByPeer', 'closed'],
  closedByUs: ['closeAcknowledged', 'closed'],
  closedByPeer: ['closeAcknowledged', 'closed'],
  closeAcknowledged: ['closed'],
  closed: [],
});

/** Tells whether `from` may become `to`. */
export function canMove(from: ConnectionStatus, to: ConnectionStatus): boolean {
  return allowedMoves[from].includes(to);
}
