import type { PingOptions } from '../connection-options.ts';
import type { Session } from '../session/session.ts';
import { Heartbeat, type HeartbeatRules } from './heartbeat.ts';
import { PingMessage } from './ping-message.ts';
import { RoundTrip } from './round-trip.ts';

/**
 * The pings of a connection: the heartbeat and its message, and how long they take. One that neither sends
 * pings nor has a heartbeat has none of it.
 */
export class Pings implements HeartbeatRules {
  intervalSecs: number;
  readonly message: PingMessage = new PingMessage();
  readonly roundTrip: RoundTrip = new RoundTrip();
  /** Of a client, they change when it is configured anew. */
  private readonly options: PingOptions;
  private heartbeat: Heartbeat | undefined;
  private session: Session | undefined;

  constructor(options: PingOptions) {
    this.intervalSecs = options.pingIntervalSecs;
    this.options = options;
  }

  /** The connection is open. */
  begin(session: Session): void {
    this.session = session;
    if (this.intervalSecs < 0) return;
    const { clock, wheel } = session.context;
    this.heartbeat = new Heartbeat(session, this, clock, wheel);
    this.heartbeat.start();
  }

  /** The connection is over. */
  end(): void {
    this.heartbeat?.stop();
    this.heartbeat = undefined;
    this.session = undefined;
    this.roundTrip.reset();
  }

  setInterval(intervalSecs: number, session: Session | undefined): void {
    this.intervalSecs = intervalSecs;
    this.heartbeat?.stop();
    this.heartbeat = undefined;
    if (session !== undefined) this.begin(session);
  }

  onPing(session: Session, payload: Buffer): void {
    this.session = session;
    this.roundTrip.onPing(payload, session.context.clock.now());
  }

  onPong(payload: Buffer): void {
    if (this.session !== undefined) this.roundTrip.onPong(payload, this.session.context.clock.now());
  }

  /** Part of {@link HeartbeatRules}. */
  get intervalMs(): number {
    return this.intervalSecs * 1000;
  }

  /** Part of {@link HeartbeatRules}. */
  get timeoutMs(): number {
    const { pingTimeoutSecs } = this.options;
    // Nobody has to answer a message.
    if (this.message.kind !== 'ping' && pingTimeoutSecs === undefined) return 0;
    return (pingTimeoutSecs ?? this.intervalSecs) * 1000;
  }

  /** Part of {@link HeartbeatRules}. */
  get maxPauseMs(): number {
    return this.options.maxReadPauseSecs * 1000;
  }

  /** Part of {@link HeartbeatRules}. */
  beat(): void {
    const { session } = this;
    const { kind } = this.message;
    if (session === undefined) return;
    const message = this.message.take(this.intervalSecs);
    if (kind === 'text' && typeof message === 'string') session.sender.sendText(message);
    else {
      const payload = typeof message === 'string' ? Buffer.from(message, 'utf8') : message;
      if (kind === 'binary') session.sender.sendBytes(payload, true, true);
      else if (session.sender.ping(payload).success) this.onPing(session, payload);
    }
  }
}
