import type { IncomingConnection } from './incoming-connection.ts';

/** The connections of a server that have not completed a request, the oldest first. */
export class PendingConnections {
  /** Accepted, and has not sent a byte. */
  private readonly silent = new Set<IncomingConnection>();
  /** Its request is on the way, or the refusal of it. */
  private readonly talking = new Set<IncomingConnection>();

  get size(): number {
    return this.silent.size + this.talking.size;
  }

  add(connection: IncomingConnection): void {
    this.silent.add(connection);
  }

  /** Its first bytes came. */
  talks(connection: IncomingConnection): void {
    this.silent.delete(connection);
    this.talking.add(connection);
  }

  remove(connection: IncomingConnection): void {
    this.silent.delete(connection);
    this.talking.delete(connection);
  }

  /** One that has sent nothing is the least loss: a real client speaks first. The one that was dropped is returned. */
  dropOldest(): IncomingConnection | undefined {
    const oldest = this.silent.values().next().value ?? this.talking.values().next().value;
    if (oldest === undefined) return undefined;
    this.remove(oldest);
    oldest.destroy();
    return oldest;
  }

  destroyAll(): void {
    for (const connection of [...this.silent, ...this.talking]) connection.destroy();
  }
}
