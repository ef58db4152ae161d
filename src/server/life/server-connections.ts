import type { Session } from '../../connection/session/session.ts';
import { Deferred } from '../../util/deferred.ts';
import { PendingConnections } from '../admission/pending-connections.ts';
import type { ConnectionState } from '../connection-state.ts';
import type { CountedConnections } from '../core/send-account.ts';
import { connectionOf, type ServerWebSocket } from '../server-websocket.ts';
import type { ConnectionAge } from './connection-age.ts';
import type { PlainConnection } from './plain-connection.ts';

/** The connections of one server, by what they are at the moment. */
export class ServerConnections<S extends ConnectionState, D> implements CountedConnections {
  /** Open WebSockets. */
  readonly clients: Set<ServerWebSocket<S, D>> = new Set<ServerWebSocket<S, D>>();
  /** Those whose first request is not answered yet. */
  readonly pending: PendingConnections = new PendingConnections();
  /** Those that serve ordinary requests. */
  readonly plain: Set<PlainConnection> = new Set<PlainConnection>();
  /** The places to be given back when an open WebSocket is over, of those that have one. */
  private readonly places = new Map<ServerWebSocket<S, D>, { release(): void }>();
  private readonly ages = new Map<ServerWebSocket<S, D>, ConnectionAge>();
  private emptied: Deferred<void> | undefined;

  /** Those that count against `maxConnections`. */
  get count(): number {
    return this.clients.size + this.plain.size;
  }

  /** Bytes that wait to be sent. */
  get bufferedBytes(): number {
    let bytes = 0;
    for (const client of this.clients) bytes += client.bufferedAmount();
    return bytes;
  }

  /** Part of {@link CountedConnections}. */
  settleAll(): void {
    for (const client of this.clients) connectionOf(client).core.session?.sender.settle();
  }

  /** Part of {@link CountedConnections}. */
  endLargest(): boolean {
    let largest: Session | undefined;
    let most = 0;
    for (const client of this.clients) {
      const { session } = connectionOf(client).core;
      if (session === undefined || !session.isOpen || session.sender.bufferedBytes <= most) continue;
      largest = session;
      most = session.sender.bufferedBytes;
    }
    largest?.endForMemory();
    return largest !== undefined;
  }

  add(client: ServerWebSocket<S, D>, place: { release(): void } | undefined, age: ConnectionAge | undefined): void {
    this.clients.add(client);
    if (place !== undefined) this.places.set(client, place);
    if (age !== undefined) this.ages.set(client, age);
  }

  remove(client: ServerWebSocket<S, D>): void {
    this.clients.delete(client);
    this.places.get(client)?.release();
    this.places.delete(client);
    this.ages.get(client)?.cancel();
    this.ages.delete(client);
  }

  /** Ends those that serve ordinary requests, whatever they are at. */
  destroyPlain(): void {
    for (const connection of this.plain) connection.destroy();
  }

  /** Ends everything else, whatever it is at. */
  terminateAll(): void {
    this.pending.destroyAll();
    for (const client of this.clients) client.terminate();
  }

  /** Resolves when none is left. */
  whenEmpty(): Promise<void> {
    const emptied = new Deferred<void>();
    this.emptied = emptied;
    this.checkEmptied();
    return emptied.promise;
  }

  /** To be called whenever one has gone. */
  checkEmptied(): void {
    if (this.clients.size + this.pending.size + this.plain.size > 0) return;
    this.emptied?.resolve();
    this.emptied = undefined;
  }
}
