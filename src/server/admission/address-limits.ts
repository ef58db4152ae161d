import { addressKey } from '../../transport/address-range.ts';
import type { Clock } from '../../util/clock.ts';
import { TokenBucket } from '../../util/token-bucket.ts';

const MINUTE_MS = 60_000;
/** More addresses than this at a time are not kept; the one that was quiet for the longest is forgotten first. */
const MAX_ADDRESSES = 65_536;

interface Rate {
  readonly bucket: TokenBucket;
  lastMs: number;
}

/** A place among the connections of an address. */
export interface AddressPlace {
  release(): void;
}

/** Connections and opening handshakes by address: `maxConnectionsPerIp` and `maxHandshakesPerMinutePerIp`. Loopback is exempt. */
export class AddressLimits {
  private readonly maxConnections: number;
  private readonly perMinute: number;
  private readonly clock: Clock;
  private readonly connections = new Map<string, number>();
  /** In the order of their latest handshake. */
  private readonly rates = new Map<string, Rate>();

  constructor(maxConnections: number | undefined, perMinute: number | undefined, clock: Clock) {
    this.maxConnections = maxConnections ?? Number.POSITIVE_INFINITY;
    this.perMinute = perMinute ?? Number.POSITIVE_INFINITY;
    this.clock = clock;
  }

  /** Addresses that something is kept of. */
  get size(): number {
    return Math.max(this.connections.size, this.rates.size);
  }

  /** Counts an opening handshake; false when it is one too many. */
  takeHandshake(address: string): boolean {
    const key = this.perMinute === Number.POSITIVE_INFINITY ? undefined : addressKey(address);
    if (key === undefined) return true;
    const nowMs = this.clock.now();
    const rate = this.rates.get(key) ?? {
      bucket: new TokenBucket(this.perMinute / 60, this.perMinute, nowMs),
      lastMs: nowMs,
    };
    rate.lastMs = nowMs;
    this.rates.delete(key);
    this.forgetQuiet(nowMs);
    this.rates.set(key, rate);
    return rate.bucket.take(nowMs);
  }

  /** A place for a connection, to be released when it is over; `undefined` when the address has all of its places. */
  takePlace(address: string): AddressPlace | undefined {
    const key = addressKey(address);
    if (key === undefined || this.maxConnections === Number.POSITIVE_INFINITY) return exempt;
    const count = this.connections.get(key) ?? 0;
    if (count >= this.maxConnections) return undefined;
    this.connections.set(key, count + 1);
    let isTaken = true;
    return {
      release: () => {
        if (!isTaken) return;
        isTaken = false;
        this.releaseOne(key);
      },
    };
  }

  private releaseOne(key: string): void {
    const count = this.connections.get(key) ?? 0;
    if (count > 1) this.connections.set(key, count - 1);
    else this.connections.delete(key);
  }

  /** After a minute a bucket is full again, as if it had never been. */
  private forgetQuiet(nowMs: number): void {
    for (const [key, rate] of this.rates) {
      if (this.rates.size < MAX_ADDRESSES && nowMs - rate.lastMs < MINUTE_MS) return;
      this.rates.delete(key);
    }
  }
}

const exempt: AddressPlace = { release: () => undefined };
