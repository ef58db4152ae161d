import type { Clock } from '../../util/clock.ts';
import type { TimerWheel } from '../../util/timer-wheel.ts';
import type { ConnectionPool } from '../pool/connection-pool.ts';
import type { KnownUrls } from '../pool/known-urls.ts';

/** The client, as its requests see it. */
export interface ClientServices {
  readonly pool: ConnectionPool;
  readonly urls: KnownUrls;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  /** Empty to send none. */
  readonly userAgent: string;
  /** True when a length is said for every method. */
  readonly forcesBody: boolean;
  /** A callback of the user's has thrown. */
  onCallbackError(error: unknown): void;
}
