/** A connection that has not come to a request, or whose request is not decided about or was refused. */
export interface PendingConnection {
  /** The address at the other end; behind a trusted proxy, that of the client. */
  readonly remoteIp: string;
  /** Ends it without a word. */
  destroy(): void;
}

/** The connections of a server that are not open yet, or never will be, the oldest first. */
export class PendingConnections {
  /** Those that have not sent a byte. */
  private readonly silent = new Set<PendingConnection>();
  /** Those whose request is on the way, or waits for a decision, or whose refusal is. */
  private readonly talking = new Set<PendingConnection>();

  get size(): number {
    return this.silent.size + this.talking.size;
  }

  addSilent(connection: PendingConnection): void {
    this.silent.add(connection);
  }

  addTalking(connection: PendingConnection): void {
    this.talking.add(connection);
  }

  /** Its first bytes came. */
  talks(connection: PendingConnection): void {
    if (this.silent.delete(connection)) this.talking.add(connection);
  }

  remove(connection: PendingConnection): void {
    if (!this.silent.delete(connection)) this.talking.delete(connection);
  }

  /** One that has sent nothing is the least loss: a real client speaks first. The one that was dropped is returned. */
  dropOldest(): PendingConnection | undefined {
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
