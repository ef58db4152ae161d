import type { Socket } from 'node:net';
import { ProxyHeaderReader } from '../../protocol/proxy-protocol/proxy-header-reader.ts';
import type { TimerWheel, WheelEntry } from '../../util/timer-wheel.ts';
import type { AddressSet } from '../address-range.ts';
import type { PeerAddress } from '../transport.ts';
import { addressOf } from './peer-address.ts';

export interface ProxyAcceptorOwner {
  readonly wheel: TimerWheel;
  /** The header was read; `peer` is what it says, if it says who connects. */
  onUnwrapped(socket: Socket, peer: PeerAddress | undefined): void;
  /** A connection without a proper header from somebody who may send one; it is gone. */
  onProxyRefused(address: string, port: number, why: string): void;
}

/** Reads the header of the PROXY protocol in front of every connection of a server, within a deadline. */
export class ProxyAcceptor {
  readonly owner: ProxyAcceptorOwner;
  private readonly trusted: AddressSet | undefined;
  private readonly timeoutMs: number;
  /** In the order of their arrival. */
  private readonly waiting = new Set<ProxyPreamble>();

  /** Without `trusted` everybody may send a header. */
  constructor(trusted: AddressSet | undefined, timeoutMs: number, owner: ProxyAcceptorOwner) {
    this.trusted = trusted;
    this.timeoutMs = timeoutMs;
    this.owner = owner;
  }

  /** Connections whose header is not complete. */
  get pending(): number {
    return this.waiting.size;
  }

  accept(socket: Socket): void {
    const address = addressOf(socket);
    const preamble = new ProxyPreamble(socket, address, this);
    this.waiting.add(preamble);
    this.owner.wheel.schedule(preamble, this.timeoutMs);
    preamble.start();
    if (this.trusted?.has(address) === false) preamble.refuse('not a trusted proxy');
  }

  /** Drops the one that has taken the longest; false when there is none. */
  dropOldest(): boolean {
    const oldest = this.waiting.values().next().value;
    oldest?.refuse('too many connections');
    return oldest !== undefined;
  }

  close(): void {
    for (const preamble of this.waiting) preamble.refuse('the server stops');
  }

  /** @internal */
  forget(preamble: ProxyPreamble): void {
    this.waiting.delete(preamble);
    this.owner.wheel.cancel(preamble);
  }
}

/** A connection whose PROXY header is on its way. */
class ProxyPreamble implements WheelEntry {
  wheelOwner: TimerWheel | undefined = undefined;
  wheelPrevious: WheelEntry | undefined = undefined;
  wheelNext: WheelEntry | undefined = undefined;
  wheelDueTick = 0;
  private readonly socket: Socket;
  private readonly address: string;
  private readonly port: number;
  private readonly acceptor: ProxyAcceptor;
  private readonly reader = new ProxyHeaderReader();
  private isOver = false;

  constructor(socket: Socket, address: string, acceptor: ProxyAcceptor) {
    this.socket = socket;
    this.address = address;
    this.port = socket.remotePort ?? 0;
    this.acceptor = acceptor;
  }

  start(): void {
    const { socket } = this;
    socket.on('data', this.onData);
    socket.on('error', this.onError);
    socket.on('end', this.onEnd);
    socket.on('close', this.onEnd);
  }

  refuse(why: string): void {
    if (this.isOver) return;
    this.isOver = true;
    const { acceptor, socket } = this;
    acceptor.forget(this);
    socket.destroy();
    acceptor.owner.onProxyRefused(this.address, this.port, why);
  }

  /** @internal WheelEntry */
  onTimeout(): void {
    this.refuse('the header did not arrive in time');
  }

  private readonly onData = (chunk: Buffer): void => {
    if (this.isOver) return;
    const { reader, socket, acceptor } = this;
    const at = reader.read(chunk, 0, chunk.length);
    if (reader.state === 'failed') this.refuse(reader.problem);
    if (reader.state !== 'complete') return;
    this.isOver = true;
    acceptor.forget(this);
    socket.pause();
    socket.off('data', this.onData).off('error', this.onError).off('end', this.onEnd).off('close', this.onEnd);
    if (at < chunk.length) socket.unshift(chunk.subarray(at));
    const { source } = reader;
    acceptor.owner.onUnwrapped(socket, source && { remoteAddress: source.address, remotePort: source.port });
  };

  private readonly onError = (error: Error): void => this.refuse(error.message);

  private readonly onEnd = (): void => this.refuse('the client hung up');
}
