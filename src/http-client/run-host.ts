import type { MultipartBody } from '../http/form/multipart.ts';
import type { Clock } from '../util/clock.ts';
import type { TimerWheel } from '../util/timer-wheel.ts';
import type { ConnectionPool } from './pool.ts';
import type { HttpRequestArgs } from './request-args.ts';
import type { HttpRequestBody, RequestSettings } from './request-options.ts';
import type { Targets } from './targets.ts';

/** The client, as its requests see it. */
export interface RunHost {
  readonly pool: ConnectionPool;
  readonly targets: Targets;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  /** Whether a length is said for every method. */
  readonly forcesBody: boolean;
  /** A callback of the user's has thrown. */
  onCallbackError(error: unknown): void;
}

/** What a method of the client asks for. */
export interface RequestCall {
  readonly url: string;
  readonly method: string;
  readonly body: HttpRequestBody | MultipartBody | undefined;
  readonly settings: RequestSettings;
  /** Whose `cancel` ends it. */
  readonly args: HttpRequestArgs | undefined;
}
