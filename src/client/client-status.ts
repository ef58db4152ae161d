/** The states of a client, from `start()` or `connect()` to the end of the last connection that it makes. */
export const ClientStatus = {
  /** Nothing is under way. */
  Idle: 'idle',
  /** An attempt is under way. */
  Connecting: 'connecting',
  /** There is a connection, open or closing. */
  Connected: 'connected',
  /** The next attempt is being decided on, or waited for. */
  Waiting: 'waiting',
  /** No attempt follows, and the last message is being delivered. */
  Over: 'over',
  /** Told to end: what is under way ends, and nothing follows. */
  Stopping: 'stopping',
  /** As over or stopping, and told to start again when that has ended. */
  Restarting: 'restarting',
} as const;
export type ClientStatus = (typeof ClientStatus)[keyof typeof ClientStatus];

/** All moves there are. */
export const clientMoves: Readonly<Record<ClientStatus, readonly ClientStatus[]>> = Object.freeze({
  idle: ['connecting'],
  connecting: ['connected', 'waiting', 'over', 'stopping'],
  connected: ['waiting', 'over', 'stopping'],
  waiting: ['connecting', 'over', 'stopping'],
  // Reconnection may be switched on while the last message is delivered.
  over: ['waiting', 'idle', 'stopping', 'restarting'],
  stopping: ['idle', 'restarting'],
  restarting: ['waiting', 'idle', 'stopping'],
});

/** Tells if nothing follows what is under way. */
export function isEnding(status: ClientStatus): boolean {
  return status === ClientStatus.Over || status === ClientStatus.Stopping || status === ClientStatus.Restarting;
}
