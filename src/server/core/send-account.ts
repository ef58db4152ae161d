import type { SendAccount } from '../../connection/session/session-context.ts';

/** The connections that a {@link ServerSendAccount} is of. */
export interface CountedConnections {
  /** Brings the account up to date. */
  settleAll(): void;
  /** Ends the connection that holds the most; false when none holds anything. */
  endLargest(): boolean;
}

/** The bytes that wait to be sent on all connections of a server, with a bound: `maxTotalBufferedBytes`. */
export class ServerSendAccount implements SendAccount {
  /** Connections that were ended for it. */
  overflows = 0;
  private usedBytes = 0;
  private isOverflowing = false;
  private readonly limit: number;
  private readonly connections: CountedConnections;

  constructor(limit: number, connections: CountedConnections) {
    this.limit = limit;
    this.connections = connections;
  }

  move(bytes: number): void {
    this.usedBytes += bytes;
    if (bytes <= 0 || this.usedBytes <= this.limit || this.isOverflowing) return;
    this.isOverflowing = true;
    // Bytes leave without a word; they are looked at when it matters.
    this.connections.settleAll();
    while (this.usedBytes > this.limit && this.connections.endLargest()) this.overflows++;
    this.isOverflowing = false;
  }
}
