import type { HeadLimits } from '../../protocol/http1/head/head-limits.ts';
import { HeadReader } from '../../protocol/http1/head/head-reader.ts';
import type { Refusal } from '../../protocol/http1/head/refusal.ts';
import type { RequestHead } from '../../protocol/http1/head/request-head.ts';
import type { Transport, TransportHandler } from '../../transport/transport.ts';
import type { TimerWheel, WheelEntry } from '../../util/timer-wheel.ts';
import type { PendingConnection } from './pending-connections.ts';
import { requestTimeout } from './server-refusals.ts';

/** The server, as a {@link HeadIntake} sees it. */
export interface HeadIntakeOwner {
  readonly wheel: TimerWheel;
  readonly options: HeadLimits;
  /** The first bytes came. */
  onTalks(intake: HeadIntake): void;
  /** The head is complete, and the intake over; `rest` came behind it in the same read. */
  onHead(intake: HeadIntake, head: RequestHead, rest: Buffer): void;
  /** The bytes are no head, or none came in time, and the intake is over. */
  onNoHead(intake: HeadIntake, refusal: Refusal): void;
  /** The connection is gone. */
  onPendingClosed(intake: HeadIntake): void;
}

/** Reads the head of the first request on a connection: strictly, within limits and a deadline. */
export class HeadIntake implements TransportHandler, WheelEntry, PendingConnection {
  wheelOwner: TimerWheel | undefined = undefined;
  wheelPrevious: WheelEntry | undefined = undefined;
  wheelNext: WheelEntry | undefined = undefined;
  wheelDueTick = 0;
  readonly transport: Transport;
  private readonly owner: HeadIntakeOwner;
  private readonly reader: HeadReader<'request'>;
  private hasTalked = false;

  constructor(owner: HeadIntakeOwner, transport: Transport) {
    this.owner = owner;
    this.reader = new HeadReader('request', owner.options);
    this.transport = transport;
  }

  get remoteIp(): string {
    return this.transport.remoteAddress;
  }

  /** Begins to read; the head must be complete within `timeoutMs`. */
  start(timeoutMs: number): void {
    this.owner.wheel.schedule(this, timeoutMs);
    this.transport.start(this);
  }

  destroy(): void {
    this.transport.destroy();
  }

  /** Part of {@link TransportHandler}. */
  onBytes(buffer: Buffer, start: number, end: number): void {
    const { owner, reader } = this;
    if (!this.hasTalked) {
      this.hasTalked = true;
      owner.onTalks(this);
    }
    const at = reader.read(buffer, start, end);
    const { head, failure } = reader;
    if (head === undefined && failure === undefined) return;
    owner.wheel.cancel(this);
    if (head !== undefined) owner.onHead(this, head, Buffer.from(buffer.subarray(at, end)));
    else if (failure !== undefined) owner.onNoHead(this, failure);
  }

  /** Part of {@link TransportHandler}. */
  onEnd(): void {
    // Without a whole request there is nothing to answer.
    this.transport.destroy();
  }

  /** Part of {@link TransportHandler}. */
  onDrain(): void {}

  /** Part of {@link TransportHandler}. */
  onClosed(): void {
    this.owner.wheel.cancel(this);
    this.owner.onPendingClosed(this);
  }

  /** Part of {@link WheelEntry}. */
  onTimeout(): void {
    this.owner.onNoHead(this, requestTimeout);
  }
}
