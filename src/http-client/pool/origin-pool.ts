import type { HeadLimits } from '../../protocol/http1/head/head-limits.ts';
import type { Transport } from '../../transport/transport.ts';
import { ClientConnection, type ConnectionOwner } from './client-connection.ts';
import type { PoolPlace, WaitingRoom } from './pool-place.ts';

/** The parts that the connections to all origins share. */
export interface OriginHost {
  readonly options: HeadLimits & { readonly maxConnectionsPerOrigin: number };
  /** No connection is kept any more. */
  readonly isRetired: boolean;
  /** Gives a connection that was used before. */
  giveAfterPoll(place: PoolPlace, connection: ClientConnection): void;
  dial(place: PoolPlace, signal: AbortSignal): Promise<Transport>;
  addIdle(connection: ClientConnection): void;
  removeIdle(connection: ClientConnection): void;
  forget(origin: OriginPool): void;
}

/** The connections to one origin by one way, and who waits for one. */
export class OriginPool implements ConnectionOwner, WaitingRoom {
  readonly key: string;
  /** First come, first served. */
  readonly places: Set<PoolPlace> = new Set();
  /** Connections, those in the making included. */
  count = 0;
  private readonly pool: OriginHost;
  /** The last to become idle is the first to be used: the others may time out. */
  private idle: ClientConnection[] = [];

  constructor(pool: OriginHost, key: string) {
    this.pool = pool;
    this.key = key;
  }

  get oldestIdle(): ClientConnection | undefined {
    return this.idle[0];
  }

  dropIdle(): void {
    for (const connection of this.idle.slice()) connection.destroy();
  }

  acquire(place: PoolPlace): void {
    const { pool } = this;
    place.waitsAt = this;
    if (!place.wantsFresh) {
      const connection = this.takeIdle();
      if (connection !== undefined) {
        pool.giveAfterPoll(place, connection);
        return;
      }
    }
    const isFull = this.count >= pool.options.maxConnectionsPerOrigin;
    if (isFull && place.wantsFresh) this.idle[0]?.destroy();
    if (this.count < pool.options.maxConnectionsPerOrigin) void this.dial(place);
    else {
      place.waitsFor = 'place';
      this.places.add(place);
    }
  }

  onFree(connection: ClientConnection): void {
    const { pool } = this;
    if (pool.isRetired) {
      connection.destroy();
      return;
    }
    const next = this.firstPlace((place) => !place.wantsFresh);
    if (next === undefined) {
      // One that waits for a connection of its own gets the place of this one.
      if (this.places.size > 0) connection.destroy();
      else {
        this.idle.push(connection);
        pool.addIdle(connection);
      }
      return;
    }
    pool.giveAfterPoll(next, connection);
  }

  onGone(connection: ClientConnection): void {
    const index = this.idle.lastIndexOf(connection);
    if (index >= 0) this.idle.splice(index, 1);
    this.pool.removeIdle(connection);
    this.free();
  }

  private takeIdle(): ClientConnection | undefined {
    for (let connection = this.idle.pop(); connection !== undefined; connection = this.idle.pop()) {
      this.pool.removeIdle(connection);
      if (connection.isUsable) return connection;
      connection.destroy();
    }
    return undefined;
  }

  private firstPlace(fits: (place: PoolPlace) => boolean): PoolPlace | undefined {
    for (const place of this.places) {
      if (!fits(place)) continue;
      this.places.delete(place);
      return place;
    }
    return undefined;
  }

  /** A place is free. */
  private free(): void {
    this.count--;
    const [next] = this.places;
    if (next !== undefined) {
      this.places.delete(next);
      void this.dial(next);
    } else if (this.count === 0) this.pool.forget(this);
  }

  /** Makes a connection for one place. Never rejects. */
  private async dial(place: PoolPlace): Promise<void> {
    const ender = new AbortController();
    this.count++;
    place.waitsFor = 'dial';
    place.ender = ender;
    let transport: Transport;
    try {
      transport = await this.pool.dial(place, ender.signal);
    } catch (error) {
      if (place.ender === ender) {
        this.letGo(place);
        place.owner.onNoConnection(error);
      }
      this.free();
      return;
    }
    const connection = new ClientConnection(transport, this, this.pool.options);
    if (place.ender !== ender) this.onFree(connection);
    else {
      this.letGo(place);
      place.owner.onConnection(connection);
    }
  }

  private letGo(place: PoolPlace): void {
    place.ender = undefined;
    place.waitsFor = 'nothing';
    place.waitsAt = undefined;
  }
}
