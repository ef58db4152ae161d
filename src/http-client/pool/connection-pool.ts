import { dial, dialForwardProxy } from '../../dial/connect.ts';
import { afterNextPoll } from '../../platform/turn.ts';
import type { LookupFunction } from '../../transport/tcp/tcp-connect.ts';
import type { SocketTLSOptions } from '../../transport/tls/tls-options.ts';
import type { Transport } from '../../transport/transport.ts';
import type { TimerWheel } from '../../util/timer-wheel.ts';
import type { ClientConnection } from './client-connection.ts';
import { type OriginHost, OriginPool } from './origin-pool.ts';
import type { PoolPlace } from './pool-place.ts';

export interface PoolOptions {
  readonly maxConnectionsPerOrigin: number;
  readonly maxIdleConnections: number;
  readonly keepAliveSecs: number;
  readonly family: 0 | 4 | 6;
  readonly localAddress: string | undefined;
  readonly lookup: LookupFunction | undefined;
  readonly addressAttemptTimeoutMs: number | undefined;
  readonly proxyTlsOptions: SocketTLSOptions | undefined;
  readonly userAgent: string;
  readonly maxHeadBytes: number;
  readonly maxHeaders: number;
}

/** The connections of one client. */
export class ConnectionPool implements OriginHost {
  readonly options: PoolOptions;
  readonly wheel: TimerWheel;
  /** No connection is kept any more. */
  isRetired = false;
  // Keys and waiters may know the credentials of a proxy.
  readonly #origins: Map<string, OriginPool> = new Map();
  #polled: PoolPlace[] = [];
  #settling: ClientConnection[] = [];
  #isPolling = false;
  #idleCount = 0;

  constructor(options: PoolOptions, wheel: TimerWheel) {
    this.options = options;
    this.wheel = wheel;
  }

  /** Gives `place` a connection, never before this call has returned. */
  acquire(place: PoolPlace): void {
    const { key } = place.target;
    let origin = this.#origins.get(key);
    if (origin === undefined) {
      origin = new OriginPool(this, key);
      this.#origins.set(key, origin);
    }
    origin.acquire(place);
  }

  /** `place` wants no connection any more. */
  abandon(place: PoolPlace): void {
    const { waitsFor, waitsAt, promised, ender } = place;
    place.waitsFor = 'nothing';
    place.waitsAt = undefined;
    place.promised = undefined;
    place.ender = undefined;
    if (waitsFor === 'place') waitsAt?.places.delete(place);
    else if (waitsFor === 'dial') ender?.abort();
    else if (waitsFor === 'poll' && promised?.isUsable === true) waitsAt?.onFree(promised);
  }

  /** Closes what is idle, and everything else when its response is over. */
  retire(): void {
    this.isRetired = true;
    for (const origin of Array.from(this.#origins.values())) origin.dropIdle();
  }

  /** @internal */
  forget(origin: OriginPool): void {
    if (this.#origins.get(origin.key) === origin) this.#origins.delete(origin.key);
  }

  /** @internal */
  addIdle(connection: ClientConnection): void {
    const { serverKeepsMs } = connection;
    const { keepAliveSecs, maxIdleConnections } = this.options;
    const idleTimeoutMs = keepAliveSecs * 1000;
    // A second before the server gives up, so that it does not while our next request is under way.
    const keepsMs = serverKeepsMs === undefined ? idleTimeoutMs : Math.min(idleTimeoutMs, serverKeepsMs - 1000);
    if (keepsMs <= 0 || maxIdleConnections === 0) {
      connection.destroy();
      return;
    }
    connection.isIdle = true;
    this.#idleCount++;
    this.wheel.schedule(connection, keepsMs);
    this.#settling.push(connection);
    this.#poll();
    if (this.#idleCount > maxIdleConnections) this.#oldestIdle()?.destroy();
  }

  /** @internal */
  removeIdle(connection: ClientConnection): void {
    if (!connection.isIdle) return;
    connection.isIdle = false;
    this.#idleCount--;
    this.wheel.cancel(connection);
    if (connection.isRef) return;
    connection.isRef = true;
    connection.transport.ref();
  }

  /**
   * @internal Gives `place` a connection that was used before, once all sockets were looked at: what a server has sent
   * by now without being asked must not pass for the answer.
   */
  giveAfterPoll(place: PoolPlace, connection: ClientConnection): void {
    place.waitsFor = 'poll';
    place.promised = connection;
    this.#polled.push(place);
    this.#poll();
  }

  /** @internal */
  dial(place: PoolPlace, signal: AbortSignal): Promise<Transport> {
    const { url, proxy, isForward, tlsOptions } = place.target;
    const { family, localAddress, lookup, addressAttemptTimeoutMs, proxyTlsOptions, userAgent } = this.options;
    const connect = isForward ? dialForwardProxy : dial;
    return connect(url, {
      family,
      localAddress,
      lookup,
      attemptTimeoutMs: addressAttemptTimeoutMs,
      tlsOptions,
      proxy,
      proxyTlsOptions,
      userAgent,
      headLimits: this.options,
      signal,
      observer: place,
    });
  }

  #oldestIdle(): ClientConnection | undefined {
    let oldest: ClientConnection | undefined;
    for (const { oldestIdle } of this.#origins.values()) {
      if (oldestIdle === undefined) continue;
      if (oldest === undefined || oldestIdle.wheelDueTick < oldest.wheelDueTick) oldest = oldestIdle;
    }
    return oldest;
  }

  #poll(): void {
    if (this.#isPolling) return;
    this.#isPolling = true;
    afterNextPoll(onPolled, this);
  }

  /** @internal */
  onPolled(): void {
    this.#isPolling = false;
    const polled = this.#polled;
    this.#polled = [];
    for (const place of polled) {
      const { promised } = place;
      if (place.waitsFor !== 'poll' || promised === undefined) continue;
      place.waitsFor = 'nothing';
      place.promised = undefined;
      place.waitsAt = undefined;
      if (promised.isUsable) place.owner.onConnection(promised);
      else this.acquire(place);
    }
    const settling = this.#settling;
    this.#settling = [];
    for (const connection of settling) {
      // An idle connection keeps no process alive. One that is used again at once is spared the calls.
      if (!connection.isIdle || !connection.isRef) continue;
      connection.isRef = false;
      connection.transport.unref();
    }
  }
}

function onPolled(pool: ConnectionPool): void {
  pool.onPolled();
}
