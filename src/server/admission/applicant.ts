import type { Refusal } from '../../protocol/http1/head/refusal.ts';
import type { RequestHead } from '../../protocol/http1/head/request-head.ts';
import type { Transport, TransportHandler } from '../../transport/transport.ts';
import type { TimerWheel, WheelEntry } from '../../util/timer-wheel.ts';
import type { AddressPlace } from './address-limits.ts';
import type { Client } from './client-identity.ts';
import type { PendingConnection } from './pending-connections.ts';

/** The server, as an {@link Applicant} sees it. */
export interface ApplicantOwner {
  readonly wheel: TimerWheel;
  /** The applicant waits for a decision. */
  onHeld(applicant: Applicant): void;
  /** The transport is the server's again, to be answered with `refusal`. */
  onRefused(applicant: Applicant, refusal: Refusal): void;
  /** The transport is given away. */
  onReleased(applicant: Applicant): void;
  /** The connection is gone. */
  onPendingClosed(applicant: Applicant): void;
}

/** The parts of an {@link Applicant}. */
interface Application extends Pick<Applicant, 'transport' | 'head' | 'client' | 'isOurs'> {
  /** Bytes that came behind the head. */
  readonly rest: Buffer;
}

/** The decision that an {@link Applicant} waits for. */
export interface ApplicantHolder {
  /** The time is over; the connection is still there. */
  onHeldTimeout(): void;
  /** The connection is gone: the client left, or the server stops. */
  onHeldClosed(): void;
}

/** The bytes a client may send before it is answered; then it is not read any more. Clients that keep to the rules wait. */
const MAX_HELD_BYTES = 64 * 1024;

/**
 * An opening handshake before the gate: a transport, the head that came on it, and a place among the connections of its
 * address. It ends with {@link refuse} or {@link release}, or with the connection. Where its head was read does not
 * matter here.
 */
export class Applicant implements TransportHandler, WheelEntry, PendingConnection {
  wheelOwner: TimerWheel | undefined = undefined;
  wheelPrevious: WheelEntry | undefined = undefined;
  wheelNext: WheelEntry | undefined = undefined;
  wheelDueTick = 0;
  readonly transport: Transport;
  readonly head: RequestHead;
  readonly client: Client;
  /** False when another HTTP server has accepted the connection. */
  readonly isOurs: boolean;
  /** Given back when it is known that the connection will not be open, or has been. */
  place: AddressPlace | undefined = undefined;
  private readonly owner: ApplicantOwner;
  /** Bytes that came behind the head. */
  private held: Buffer;
  private holder: ApplicantHolder | undefined = undefined;
  private isOver = false;

  constructor(owner: ApplicantOwner, { transport, head, client, rest, isOurs }: Application) {
    this.owner = owner;
    this.transport = transport;
    this.head = head;
    this.client = client;
    this.isOurs = isOurs;
    this.held = rest;
  }

  get remoteIp(): string {
    return this.client.remoteIp;
  }

  /** Waits for a decision for so long, and keeps what the client sends meanwhile. */
  hold(holder: ApplicantHolder, timeoutMs: number): void {
    const { owner, transport } = this;
    this.holder = holder;
    owner.onHeld(this);
    owner.wheel.schedule(this, timeoutMs);
    transport.start(this);
    if (this.held.length >= MAX_HELD_BYTES) transport.pause();
  }

  /** Bytes that have come behind the head. */
  takeHeld(): Buffer {
    const { held } = this;
    this.held = EMPTY;
    return held;
  }

  /** Gives the transport back, to be answered with an error. */
  refuse(refusal: Refusal): void {
    if (this.isOver) return;
    const wasHeld = this.holder !== undefined;
    this.end();
    this.place?.release();
    // Reading may have stopped, and the end of the connection is to be seen.
    if (wasHeld) this.transport.resume();
    this.owner.onRefused(this, refusal);
  }

  /** Gives the transport away: nothing of it is reported here any more. */
  release(): Transport {
    this.end();
    this.owner.onReleased(this);
    return this.transport;
  }

  destroy(): void {
    this.transport.destroy();
  }

  /** Part of {@link TransportHandler}. */
  onBytes(buffer: Buffer, start: number, end: number): void {
    if (this.isOver) return;
    this.held = Buffer.concat([this.held, buffer.subarray(start, end)]);
    if (this.held.length >= MAX_HELD_BYTES) this.transport.pause();
  }

  /** Part of {@link TransportHandler}. */
  onEnd(): void {
    this.transport.destroy();
  }

  /** Part of {@link TransportHandler}. */
  onDrain(): void {}

  /** Part of {@link TransportHandler}. */
  onClosed(): void {
    if (this.isOver) return;
    const { holder } = this;
    this.end();
    this.held = EMPTY;
    this.place?.release();
    this.owner.onPendingClosed(this);
    holder?.onHeldClosed();
  }

  /** Part of {@link WheelEntry}. */
  onTimeout(): void {
    this.holder?.onHeldTimeout();
  }

  private end(): void {
    this.isOver = true;
    this.holder = undefined;
    this.owner.wheel.cancel(this);
  }
}

const EMPTY: Buffer = Buffer.alloc(0);
