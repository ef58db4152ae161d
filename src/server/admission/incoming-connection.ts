import { userAgent } from '../../platform/user-agent.ts';
import { HeadReader } from '../../protocol/http1/head/head-reader.ts';
import { type Refusal, writeRefusal } from '../../protocol/http1/head/refusal.ts';
import type { RequestHead } from '../../protocol/http1/head/request-head.ts';
import type { Transport, TransportHandler } from '../../transport/transport.ts';
import type { TimerWheel, WheelEntry } from '../../util/timer-wheel.ts';
import { requestTimeout } from './server-refusals.ts';

/** What an {@link IncomingConnection} tells its server. */
export interface IncomingConnectionOwner {
  readonly wheel: TimerWheel;
  /** The first bytes came. */
  onIncomingTalks(connection: IncomingConnection): void;
  /** The head of a request is complete; `rest` came behind it in the same read. */
  onIncomingRequest(connection: IncomingConnection, head: RequestHead, rest: Buffer): void;
  /** What was asked for was refused. */
  onIncomingRefused(connection: IncomingConnection, refusal: Refusal): void;
  /** It is over: refused and gone, timed out, or left by the peer. Not called after {@link IncomingConnection.release}. */
  onIncomingClosed(connection: IncomingConnection): void;
}

/** Who a connection waits for while its request is being decided about. */
export interface IncomingConnectionHolder {
  /** The time is over; the connection is still there. */
  onHeldTimeout(): void;
  /** The connection is gone: the client left, or the server stops. */
  onHeldClosed(): void;
}

/** How long a refused peer may take to read the refusal and hang up. */
const LINGER_MS = 2000;

/** What a client may send before it is answered; then it is not read any more. Clients that keep to the rules wait. */
const MAX_HELD_BYTES = 64 * 1024;

/**
 * An accepted connection until its first request is complete. It is read strictly, within limits and a deadline, and
 * a refusal is a complete HTTP response that the peer has the time to read.
 */
export class IncomingConnection implements TransportHandler, WheelEntry {
  wheelOwner: TimerWheel | undefined = undefined;
  wheelPrevious: WheelEntry | undefined = undefined;
  wheelNext: WheelEntry | undefined = undefined;
  wheelDueTick = 0;
  readonly transport: Transport;
  /** Who is at the other end; behind a trusted proxy, whose connection it is. */
  remoteIp: string;
  private readonly owner: IncomingConnectionOwner;
  private reader: HeadReader<'request'> | undefined = new HeadReader('request');
  private hasTalked = false;
  private isReleased = false;
  private holder: IncomingConnectionHolder | undefined;
  private held: Buffer[] = [];
  private heldBytes = 0;
  /** Given back when it is known that the connection will not be open, or has been. */
  place: { release(): void } | undefined;

  constructor(transport: Transport, owner: IncomingConnectionOwner) {
    this.transport = transport;
    this.remoteIp = transport.remoteAddress;
    this.owner = owner;
  }

  /** Begins to read; the request must be complete within `timeoutMs`. */
  start(timeoutMs: number): void {
    this.owner.wheel.schedule(this, timeoutMs);
    this.transport.start(this);
  }

  /** Stands in for a connection whose request was read already: only what becomes of it has to be settled. */
  adopt(timeoutMs: number): void {
    this.reader = undefined;
    this.hasTalked = true;
    this.owner.wheel.schedule(this, timeoutMs);
    this.transport.start(this);
  }

  /** Waits for a decision of `holder` for so long, and keeps what the client sends meanwhile behind `rest`. */
  hold(holder: IncomingConnectionHolder, timeoutMs: number, rest: Buffer): void {
    this.holder = holder;
    this.keep(rest);
    this.owner.wheel.schedule(this, timeoutMs);
  }

  /** What has come behind the request. */
  takeHeld(): Buffer {
    const [first = EMPTY, ...more] = this.held;
    this.held = [];
    return more.length === 0 ? first : Buffer.concat([first, ...more]);
  }

  /** Answers with an error and ends the connection. */
  refuse(refusal: Refusal, isHead = false): void {
    if (this.isReleased) return;
    this.reader = undefined;
    this.stopHolding();
    this.releasePlace();
    const { transport, owner } = this;
    owner.onIncomingRefused(this, refusal);
    if (!transport.isWritable) {
      transport.destroy();
      return;
    }
    transport.write(Buffer.from(writeRefusal(refusal, { server: userAgent, isHead }), 'latin1'));
    // Half-closed, and read until the peer hangs up: closing with unread bytes would reset the connection, and the
    // response could be lost on its way.
    transport.end();
    owner.wheel.schedule(this, LINGER_MS);
  }

  /** Gives the transport away: nothing of it is reported here any more. */
  release(): Transport {
    this.isReleased = true;
    this.holder = undefined;
    this.owner.wheel.cancel(this);
    return this.transport;
  }

  /** Ends the connection without a word. */
  destroy(): void {
    this.transport.destroy();
  }

  /** @internal TransportHandler */
  onBytes(buffer: Buffer, start: number, end: number): void {
    const { reader } = this;
    if (this.holder !== undefined) this.keep(Buffer.from(buffer.subarray(start, end)));
    if (reader === undefined) return;
    if (!this.hasTalked) {
      this.hasTalked = true;
      this.owner.onIncomingTalks(this);
    }
    const at = reader.read(buffer, start, end);
    if (reader.state === 'failed') this.refuse(reader.failure ?? requestTimeout);
    else if (reader.state === 'complete' && reader.head !== undefined) {
      this.reader = undefined;
      this.owner.onIncomingRequest(this, reader.head, Buffer.from(buffer.subarray(at, end)));
    }
  }

  /** @internal TransportHandler */
  onEnd(): void {
    // Without a whole request there is nothing to answer.
    this.transport.destroy();
  }

  /** @internal TransportHandler */
  onDrain(): void {}

  /** @internal TransportHandler */
  onClosed(): void {
    this.reader = undefined;
    if (this.isReleased) return;
    this.owner.wheel.cancel(this);
    const { holder } = this;
    this.holder = undefined;
    this.held = [];
    this.releasePlace();
    this.owner.onIncomingClosed(this);
    holder?.onHeldClosed();
  }

  /** @internal WheelEntry */
  onTimeout(): void {
    if (this.holder !== undefined) this.holder.onHeldTimeout();
    else if (this.reader === undefined) this.transport.destroy();
    else this.refuse(requestTimeout);
  }

  private keep(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.held.push(bytes);
    this.heldBytes += bytes.length;
    if (this.heldBytes >= MAX_HELD_BYTES) this.transport.pause();
  }

  /** What was held is of no use any more, and the end of the connection is to be seen. */
  private stopHolding(): void {
    if (this.holder === undefined) return;
    this.holder = undefined;
    this.held = [];
    this.transport.resume();
  }

  private releasePlace(): void {
    this.place?.release();
    this.place = undefined;
  }
}

const EMPTY: Buffer = Buffer.alloc(0);
