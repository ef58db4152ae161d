import { afterThisTurn } from '../../platform/turn.ts';
import type { Clock } from '../../util/clock.ts';
import type { TimerWheel, WheelEntry } from '../../util/timer-wheel.ts';

/** The connection whose pulse a {@link Heartbeat} takes. */
export interface HeartbeatHost {
  readonly isOpen: boolean;
  readonly isReading: boolean;
  /** Set by every read; taken back here, which costs a connection less than the time of each read would. */
  hasReceived: boolean;
  /** The number of times that everything that waited has left. */
  readonly drains: number;
  /** Knows what the operating system has not taken. */
  readonly writer: { readonly unsentBytes: number };
  /** The peer is dead: ends the connection with 1011. */
  expire(): void;
}

export interface HeartbeatRules {
  readonly intervalMs: number;
  /** Silence after a beat that means death; 0 when silence means nothing. */
  readonly timeoutMs: number;
  /** The longest pause in reading: a peer that is not listened to for longer cannot be told from a dead one. */
  readonly maxPauseMs: number;
  /** Sends a ping or what stands in for it. */
  beat(): void;
}

/** Looks in an interval for what arrived, so that a beat is at most as late as the inverse. */
const LOOKS_PER_INTERVAL = 8;
/** A look that is later than this was held up: the event loop was blocked, or the machine slept. */
const STALL_MS = 500;
/** Stalls in a row that are no excuse any more: in between, a living peer would have been heard. */
const MAX_STALLS = 3;

/**
 * Sends something when nothing was received for an interval, and ends the connection when nothing at all comes back.
 *
 * Silence is evidence only as long as it was listened to. After a stall the peer is asked again. While reading is
 * paused, or the ping itself still waits behind other data, what counts is whether bytes leave. And before the end
 * the loop goes round once more, because timers run before sockets are read.
 */
export class Heartbeat implements WheelEntry {
  wheelOwner: TimerWheel | undefined = undefined;
  wheelPrevious: WheelEntry | undefined = undefined;
  wheelNext: WheelEntry | undefined = undefined;
  wheelDueTick = 0;
  private readonly host: HeartbeatHost;
  private readonly rules: HeartbeatRules;
  private readonly clock: Clock;
  private readonly wheel: TimerWheel;
  private isStopped = false;
  private dueMs = 0;
  /** When something was received for the last time, as far as looking now and then tells. */
  private heardMs = 0;
  /** When an answer began to be waited for. */
  private askedMs: number | undefined;
  private stalls = 0;
  private wasPaused = false;
  /** Since when reading is paused, as far as looking now and then tells. */
  private pausedMs: number | undefined;
  /** The output as it was at the first look after the question. */
  private mark: { readonly drains: number; readonly unsentBytes: number } | undefined;

  constructor(host: HeartbeatHost, rules: HeartbeatRules, clock: Clock, wheel: TimerWheel) {
    this.host = host;
    this.rules = rules;
    this.clock = clock;
    this.wheel = wheel;
  }

  start(): void {
    const nowMs = this.clock.now();
    this.hear(nowMs);
    this.lookAgain(nowMs);
  }

  stop(): void {
    this.isStopped = true;
    this.wheel.cancel(this);
  }

  /** Part of {@link WheelEntry}. */
  onTimeout(nowMs: number): void {
    const { host, rules } = this;
    if (!host.isOpen) return;
    if (this.isPausedForTooLong(nowMs)) {
      host.expire();
      return;
    }
    if (host.hasReceived) this.hear(nowMs);
    else if (this.askedMs !== undefined && rules.timeoutMs > 0) {
      this.await(nowMs, this.askedMs);
      return;
    } else if (nowMs - this.heardMs >= rules.intervalMs) this.ask(nowMs);
    this.lookAgain(nowMs);
  }

  private isPausedForTooLong(nowMs: number): boolean {
    if (this.host.isReading) this.pausedMs = undefined;
    else this.pausedMs ??= nowMs;
    return this.pausedMs !== undefined && nowMs - this.pausedMs >= this.rules.maxPauseMs;
  }

  private hear(nowMs: number): void {
    this.host.hasReceived = false;
    this.heardMs = nowMs;
    this.askedMs = undefined;
    this.stalls = 0;
  }

  private ask(nowMs: number): void {
    this.rules.beat();
    if (this.rules.timeoutMs > 0) this.listenFrom(nowMs);
    else this.heardMs = nowMs;
  }

  private listenFrom(nowMs: number): void {
    this.askedMs = nowMs;
    this.wasPaused = false;
    this.mark = undefined;
  }

  /** Nothing has come since the question. */
  private await(nowMs: number, askedMs: number): void {
    const { host, rules } = this;
    if (!host.isReading) this.wasPaused = true;
    this.mark ??= { drains: host.drains, unsentBytes: host.writer.unsentBytes };
    if (nowMs - this.dueMs > STALL_MS && this.stalls < MAX_STALLS) {
      this.stalls++;
      this.ask(nowMs);
    } else if (nowMs - askedMs >= rules.timeoutMs) {
      if (this.isDead(nowMs, this.mark)) {
        afterThisTurn(() => this.confirm());
        return;
      }
    }
    this.lookAgain(nowMs);
  }

  /** The time for an answer is over. */
  private isDead(nowMs: number, mark: { readonly drains: number; readonly unsentBytes: number }): boolean {
    const { host } = this;
    const { unsentBytes } = host.writer;
    const hasMoved = host.drains !== mark.drains || unsentBytes < mark.unsentBytes;
    if (!host.isReading) {
      if (!hasMoved && unsentBytes > 0) return true;
      this.hear(nowMs);
      return false;
    }
    // Bytes that come now may have been held up by us; the ping, by what was sent before it.
    if (!this.wasPaused && !(hasMoved && mark.unsentBytes > 0)) return true;
    this.listenFrom(nowMs);
    return false;
  }

  private confirm(): void {
    const { host } = this;
    if (this.isStopped || !host.isOpen) return;
    if (!host.hasReceived) {
      host.expire();
      return;
    }
    const nowMs = this.clock.now();
    this.hear(nowMs);
    this.lookAgain(nowMs);
  }

  private lookAgain(nowMs: number): void {
    const { intervalMs, timeoutMs } = this.rules;
    const isAsking = this.askedMs !== undefined;
    const lengthMs = isAsking ? timeoutMs : intervalMs;
    const endMs = (this.askedMs ?? this.heardMs) + lengthMs;
    const delayMs = Math.min(lengthMs / LOOKS_PER_INTERVAL, endMs - nowMs);
    // The wheel is up to a tick late by itself.
    this.dueMs = nowMs + Math.max(0, delayMs) + this.wheel.granularityMs;
    this.wheel.schedule(this, delayMs);
  }
}
