import type { Clock, Timer } from '../../util/clock.ts';
import type { TimerWheel, WheelEntry } from '../../util/timer-wheel.ts';
import { HttpFailure } from '../http-failure.ts';
import type { RequestSettings } from './request-options.ts';

/** The steps that a request may take too long for, or waits for. */
export type DeadlineName = 'transfer' | 'connect' | 'lookup' | 'tls' | 'firstByte' | 'idle' | 'continue' | 'retry';

/** The request that has deadlines. */
export interface TimerOwner {
  onDue(name: DeadlineName): void;
}

/** The more precise comes first. */
const names: readonly DeadlineName[] = [
  'retry',
  'continue',
  'lookup',
  'tls',
  'connect',
  'firstByte',
  'idle',
  'transfer',
];

/** No moment of the clock: it is above 0 when the first request is made. */
const NEVER = 0;

/** Long enough for the wheel to come round; it is cancelled then. */
const KEPT_MS = 10_000;

interface RareDeadlines {
  connect: number;
  lookup: number;
  tls: number;
  firstByte: number;
  idle: number;
  continue: number;
  retry: number;
}

/** All deadlines of one request, in one entry of the wheel. Most requests have no other than `transfer`. */
export class RequestTimer implements WheelEntry {
  wheelOwner: TimerWheel | undefined = undefined;
  wheelPrevious: WheelEntry | undefined = undefined;
  wheelNext: WheelEntry | undefined = undefined;
  wheelDueTick = 0;
  private readonly clock: Clock;
  private readonly wheel: TimerWheel;
  private readonly owner: TimerOwner;
  // In whole milliseconds, which take no memory of their own.
  private transfer = NEVER;
  private rare: RareDeadlines | undefined = undefined;
  private scheduledMs = NEVER;
  /** Between two attempts nothing else keeps the process alive: the wheel does not. */
  private keeper: Timer | undefined = undefined;

  constructor(clock: Clock, wheel: TimerWheel, owner: TimerOwner) {
    this.clock = clock;
    this.wheel = wheel;
    this.owner = owner;
  }

  /** A limit of -1 seconds is none. */
  set(name: DeadlineName, seconds: number): void {
    if (seconds < 0) return;
    const now = this.clock.now();
    const dueMs = Math.max(1, Math.ceil(now + seconds * 1000));
    if (name === 'transfer') this.transfer = dueMs;
    else {
      this.rare ??= { connect: 0, lookup: 0, tls: 0, firstByte: 0, idle: 0, continue: 0, retry: 0 };
      this.rare[name] = dueMs;
    }
    if (name === 'retry') {
      this.release();
      this.keeper = this.clock.setTimer(dueMs - now + KEPT_MS, () => undefined);
    }
    // One that is put off is found to be so when it comes up.
    if (this.scheduledMs !== NEVER && dueMs >= this.scheduledMs) return;
    this.scheduledMs = dueMs;
    this.wheel.schedule(this, dueMs - now);
  }

  has(name: DeadlineName): boolean {
    return this.dueOf(name) !== NEVER;
  }

  clear(name: DeadlineName): void {
    if (name === 'retry') this.release();
    if (name === 'transfer') this.transfer = NEVER;
    else if (this.rare !== undefined) this.rare[name] = NEVER;
  }

  /** All but that for the whole. */
  clearRare(): void {
    this.rare = undefined;
    this.release();
  }

  stop(): void {
    this.wheel.cancel(this);
    this.release();
  }

  private release(): void {
    this.keeper?.cancel();
    this.keeper = undefined;
  }

  /** @internal WheelEntry */
  onTimeout(now: number): void {
    this.scheduledMs = NEVER;
    const set = names.filter((name) => this.has(name));
    const passed = set.find((name) => this.dueOf(name) <= now);
    const rest = set.filter((name) => name !== passed).map((name) => this.dueOf(name));
    if (passed !== undefined) this.clear(passed);
    if (rest.length > 0) {
      this.scheduledMs = Math.min(...rest);
      this.wheel.schedule(this, this.scheduledMs - now);
    }
    if (passed !== undefined) this.owner.onDue(passed);
  }

  private dueOf(name: DeadlineName): number {
    return name === 'transfer' ? this.transfer : (this.rare?.[name] ?? NEVER);
  }
}

/** The failure of a request that was too slow at something. */
export function timeoutFailure(name: DeadlineName, settings: RequestSettings, href: string | undefined): HttpFailure {
  const message = `Timed out: ${describeTimeout(name, settings)} (${href ?? ''})`;
  // When there is no time left, there is none for another attempt.
  return new HttpFailure('Timeout', message, name !== 'transfer');
}

function describeTimeout(name: DeadlineName, settings: RequestSettings): string {
  switch (name) {
    case 'lookup':
      return `the lookup of the name took more than ${settings.lookupTimeout} s`;
    case 'tls':
      return `the TLS handshake took more than ${settings.tlsTimeout} s`;
    case 'connect':
      return `connecting took more than ${settings.connectTimeout} s`;
    case 'firstByte':
      return `the server did not answer within ${settings.firstByteTimeout} s`;
    case 'idle':
      return `nothing was sent or received for ${settings.idleTimeout} s`;
    default:
      return `the request took more than ${settings.transferTimeout} s`;
  }
}
