import type { TimerWheel, WheelEntry } from '../../util/timer-wheel.ts';

/** A body may be slow, but not slower than this over the time that {@link ReadWatchSettings.timeoutMs} says. */
const MIN_BYTES_PER_SECOND = 500;
/** An idle connection is looked at so often within its time. */
const LOOKS = 4;
/** The time that a peer which was told the end has to hang up. */
const LINGER_MS = 2000;

export interface ReadWatchSettings {
  readonly headTimeoutMs: number;
  readonly timeoutMs: number;
  readonly keepAliveTimeoutMs: number;
}

/** The connection whose reading is watched. */
export interface ReadWatchOwner {
  readonly wheel: TimerWheel;
  /** The part of a request that the reader is in. */
  readonly readState: 'idle' | 'head' | 'body' | 'failed';
  /** Heads that were read. */
  readonly requestCount: number;
  /** Bytes of bodies that were read. */
  readonly bodyBytes: number;
  /** True while a request is being answered. */
  readonly isBusy: boolean;
  /** Changes whenever a part of a response is written. */
  readonly progress: number;
  /** True while it is us who do not read. */
  readonly isReadingPaused: boolean;
  /** No request for too long. */
  onIdleTimeout(): void;
  /** A request does not get on. */
  onReadTimeout(): void;
  /** The peer sends no more, and nothing is sent to it. */
  onDeparted(): void;
  /** The peer did not hang up. */
  onLingerTimeout(): void;
}

/**
 * All waits for a client to send something. A request that comes in one piece costs one assignment: the deadline of
 * an idle connection is not moved by it, only looked at later.
 */
export class ReadWatch implements WheelEntry {
  wheelOwner: TimerWheel | undefined = undefined;
  wheelPrevious: WheelEntry | undefined = undefined;
  wheelNext: WheelEntry | undefined = undefined;
  wheelDueTick = 0;
  /** Something happened since the last look. */
  hasActivity = false;
  /** We stopped reading since the last look: then the peer cannot be blamed. */
  hasPaused = false;
  private readonly owner: ReadWatchOwner;
  private readonly settings: ReadWatchSettings;
  private waitsFor: 'first' | 'request' | 'head' | 'body' | 'departed' | 'end' = 'first';
  private quietLooks = 0;
  private requestAtStart = 0;
  private bytesAtStart = 0;
  private progressAtStart = 0;

  constructor(owner: ReadWatchOwner, settings: ReadWatchSettings) {
    this.owner = owner;
    this.settings = settings;
  }

  /** Begins with the head of the first request, which must be complete within `timeoutMs`. */
  start(timeoutMs: number): void {
    this.owner.wheel.schedule(this, timeoutMs);
  }

  /** That head was read. */
  onFirstRequest(): void {
    this.waitForRequest();
  }

  /** To be called after each read: begins to watch what the read has left unfinished. */
  update(): void {
    const state = this.owner.readState;
    if (this.waitsFor === 'first' || this.waitsFor === 'departed' || (state !== 'head' && state !== 'body')) return;
    if (this.waitsFor !== state || this.requestAtStart !== this.owner.requestCount) this.waitForRest(state);
  }

  /**
   * The peer has closed its sending side: it may have left altogether, which only a write would tell. It gets what is
   * sent to it, as long as something is.
   */
  watchDeparted(): void {
    this.waitsFor = 'departed';
    this.progressAtStart = this.owner.progress;
    this.owner.wheel.schedule(this, this.settings.timeoutMs);
  }

  /** Waits for the peer to hang up, and for nothing else. */
  linger(): void {
    this.waitsFor = 'end';
    this.owner.wheel.schedule(this, LINGER_MS);
  }

  cancel(): void {
    this.owner.wheel.cancel(this);
  }

  /** Part of {@link WheelEntry}. */
  onTimeout(): void {
    switch (this.waitsFor) {
      case 'first':
        this.owner.onReadTimeout();
        return;
      case 'request':
        this.checkIdle();
        return;
      case 'departed':
        if (this.owner.progress === this.progressAtStart) this.owner.onDeparted();
        else this.watchDeparted();
        return;
      case 'end':
        this.owner.onLingerTimeout();
        return;
      default:
        this.checkRest(this.waitsFor);
    }
  }

  private waitForRequest(): void {
    this.waitsFor = 'request';
    this.quietLooks = 0;
    this.hasActivity = false;
    this.owner.wheel.schedule(this, this.settings.keepAliveTimeoutMs / LOOKS);
  }

  private waitForRest(state: 'head' | 'body'): void {
    this.waitsFor = state;
    this.hasPaused = this.owner.isReadingPaused;
    this.requestAtStart = this.owner.requestCount;
    this.bytesAtStart = this.owner.bodyBytes;
    this.owner.wheel.schedule(this, state === 'head' ? this.settings.headTimeoutMs : this.settings.timeoutMs);
  }

  private checkIdle(): void {
    if (this.hasActivity || this.owner.isBusy) this.waitForRequest();
    else if (++this.quietLooks >= LOOKS) this.owner.onIdleTimeout();
    else this.owner.wheel.schedule(this, this.settings.keepAliveTimeoutMs / LOOKS);
  }

  private checkRest(state: 'head' | 'body'): void {
    const { owner } = this;
    if (owner.readState !== state) {
      this.waitForRequest();
      this.update();
    } else if (this.hasPaused) this.waitForRest(state);
    else if (state === 'body' && this.isFastEnough()) this.waitForRest(state);
    else owner.onReadTimeout();
  }

  private isFastEnough(): boolean {
    const received = this.owner.bodyBytes - this.bytesAtStart;
    return received > 0 && received * 1000 >= MIN_BYTES_PER_SECOND * this.settings.timeoutMs;
  }
}
