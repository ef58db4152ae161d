import { checkCloseCode, checkCloseReason } from '../../connection/close-arguments.ts';
import type { WebSocketCloseInfo } from '../../connection/messages/messages.ts';
import { UsageError } from '../../errors.ts';
import { CloseCode } from '../../protocol/websocket/closing/close-codes.ts';
import type { Clock } from '../../util/clock.ts';
import { fraction, MAX_TIMER_MS, option, signal } from '../../util/option-kinds.ts';
import {
  type OptionLines,
  type OptionTable,
  optionTable,
  type Resolved,
  resolveOptions,
} from '../../util/option-table.ts';
import type { TimerWheel, WheelEntry } from '../../util/timer-wheel.ts';

/** The options of a shutdown. */
export interface ShutdownOptions {
  /**
   * Milliseconds after which what is left is cut off.
   * @default 10000
   */
  readonly deadlineMs?: number | undefined;
  /**
   * The close code that clients get. Some libraries do not know 1012 and answer it with 1002 (libwebsockets, Qt, Tomcat,
   * Cowboy, Yaws and faye-websocket among them): give those 1001, which the RFC itself defines.
   * @default 1012, the restart of a service
   */
  readonly code?: number | undefined;
  /**
   * The reason that goes with it.
   * @default 'Service restart'
   */
  readonly reason?: string | undefined;
  /**
   * Milliseconds over which the close frames are spread, at random moments, so that clients do not all connect again
   * at the same time.
   * @default 10 for each client, and at most half of deadlineMs
   */
  readonly staggerMs?: number | undefined;
  /** Cuts off what is left as soon as it is aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** The outcome of a shutdown. */
export interface ShutdownReport {
  /** Connections that ended in order. */
  readonly closed: number;
  /** Connections that were cut off, or broke. */
  readonly terminated: number;
  /** Bytes that had been accepted for sending and did not leave. */
  readonly unsentBytes: number;
}

type GivenShutdown = Readonly<Resolved<ShutdownOptions, 'staggerMs' | 'signal'>>;

/** Checked {@link ShutdownOptions} with all defaults filled in. */
export interface ShutdownSettings extends GivenShutdown {
  /** The time after which connections that serve ordinary requests are cut off. */
  readonly plainDeadlineMs: number;
}

const STAGGER_MS_PER_CLIENT = 10;

export const shutdownLines: OptionLines<GivenShutdown> = {
  deadlineMs: fraction(10_000, { min: 0, max: MAX_TIMER_MS }, 'ms'),
  code: option<number>(CloseCode.ServiceRestart, checkCloseCode),
  reason: option<string>('Service restart', checkCloseReason),
  staggerMs: fraction(undefined, { min: 0 }, 'ms'),
  signal: signal(),
};

export const shutdownTable: OptionTable<GivenShutdown> = optionTable('shutdown()', shutdownLines);

/** Throws `UsageError` naming the option that is wrong. */
export function resolveShutdownOptions(options: ShutdownOptions): ShutdownSettings {
  const settings = resolveOptions(shutdownTable, options);
  checkStagger(settings);
  return { ...settings, plainDeadlineMs: settings.deadlineMs };
}

export function checkStagger({ staggerMs = 0, deadlineMs }: Pick<GivenShutdown, 'staggerMs' | 'deadlineMs'>): void {
  if (staggerMs > deadlineMs) throw new UsageError('staggerMs', 'must not be above deadlineMs');
}

/**
 * Plans when each of `count` clients is told to go, in milliseconds from now, ascending: each has an equal part of the time
 * to itself, and its moment in it is random.
 */
export function planShutdown(
  count: number,
  { deadlineMs, staggerMs = Math.min(deadlineMs / 2, count * STAGGER_MS_PER_CLIENT) }: ShutdownPlanRules,
  random: () => number,
): number[] {
  const partMs = count === 0 ? 0 : staggerMs / count;
  return Array.from({ length: count }, (_, i) => (i + random()) * partMs);
}

type ShutdownPlanRules = Pick<ShutdownSettings, 'deadlineMs'> & { readonly staggerMs?: number | undefined };

/** The server, as a {@link Shutdown} sees it. */
export interface ShutdownHost {
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  /** Ends the connections that serve ordinary requests. */
  cutPlain(): void;
  /** Ends everything that is left. */
  cut(): void;
}

interface Leaving {
  close(code: number, reason: string): void;
}

/** A shutdown under way: who is told when, what is cut off when, and how it went. */
export class Shutdown implements WheelEntry {
  wheelOwner: TimerWheel | undefined = undefined;
  wheelPrevious: WheelEntry | undefined = undefined;
  wheelNext: WheelEntry | undefined = undefined;
  wheelDueTick = 0;
  private readonly host: ShutdownHost;
  private readonly settings: ShutdownSettings;
  private readonly startMs: number;
  private readonly onAbort = (): void => this.cut();
  /** Those who have not been told, the next one last, and when each of them is. */
  private leaving: Leaving[] = [];
  private delaysMs: number[] = [];
  private isPlainCut = false;
  private isCut = false;
  private closed = 0;
  private terminated = 0;
  private unsentBytes = 0;

  constructor(host: ShutdownHost, settings: ShutdownSettings) {
    this.host = host;
    this.settings = settings;
    this.startMs = host.clock.now();
  }

  /** Begins to tell `clients`, each at its moment in `delaysMs`. */
  start(clients: readonly Leaving[], delaysMs: readonly number[]): void {
    const { signal } = this.settings;
    this.leaving = clients.toReversed();
    this.delaysMs = delaysMs.toReversed();
    this.go();
    if (signal?.aborted === true) this.cut();
    else signal?.addEventListener('abort', this.onAbort, { once: true });
  }

  /** Tells all who have not been told. */
  hurry(): void {
    this.delaysMs.fill(0);
    this.go();
  }

  onClientClosed({ layer }: WebSocketCloseInfo, unsentBytes: number): void {
    if (layer === 'websocket') this.closed++;
    else this.terminated++;
    this.unsentBytes += unsentBytes;
  }

  onPlainClosed(): void {
    if (this.isPlainCut) this.terminated++;
    else this.closed++;
  }

  /** Everything is gone. */
  end(): ShutdownReport {
    this.host.wheel.cancel(this);
    this.settings.signal?.removeEventListener('abort', this.onAbort);
    const { closed, terminated, unsentBytes } = this;
    return { closed, terminated, unsentBytes };
  }

  /** Part of {@link WheelEntry}. */
  onTimeout(): void {
    this.go();
  }

  private go(): void {
    const { clock, wheel } = this.host;
    const { deadlineMs, plainDeadlineMs, code, reason } = this.settings;
    const passedMs = clock.now() - this.startMs;
    while ((this.delaysMs.at(-1) ?? Number.POSITIVE_INFINITY) <= passedMs) {
      this.delaysMs.pop();
      this.leaving.pop()?.close(code, reason);
    }
    if (passedMs >= plainDeadlineMs) this.cutPlain();
    if (passedMs >= deadlineMs) this.cut();
    if (this.isCut) return;
    const nextMs = Math.min(this.delaysMs.at(-1) ?? deadlineMs, this.isPlainCut ? deadlineMs : plainDeadlineMs);
    wheel.schedule(this, nextMs - passedMs);
  }

  private cutPlain(): void {
    if (this.isPlainCut) return;
    this.isPlainCut = true;
    this.host.cutPlain();
  }

  private cut(): void {
    if (this.isCut) return;
    this.isCut = true;
    this.host.wheel.cancel(this);
    this.cutPlain();
    this.host.cut();
  }
}
