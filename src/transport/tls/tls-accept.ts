import type { Socket } from 'node:net';
import tls, { type SecureContext, type TLSSocket } from 'node:tls';
import { afterThisTurn } from '../../platform/turn.ts';
import { Deferred } from '../../util/deferred.ts';
import type { TimerWheel, WheelEntry } from '../../util/timer-wheel.ts';
import type { PeerAddress } from '../transport.ts';
import { CertificateAlert } from './certificate-alert.ts';
import { toNodeOptions } from './tls-context.ts';
import type { TlsServerSettings } from './tls-identities.ts';
import { TlsTransport } from './tls-transport.ts';

export interface TlsAcceptorOwner {
  readonly wheel: TimerWheel;
  /** A handshake is complete. */
  onSecured(transport: TlsTransport): void;
  /** A handshake failed, and its connection is gone. */
  onHandshakeFailed(address: string, port: number, error: Error): void;
}

/** Longer than any deadline of ours: Node's own would end in the silence of an idle socket only. */
const NEVER_MS = 2 ** 31 - 1;

/**
 * Performs the TLS handshakes of a server. Each is on its own and has a deadline, so that a peer that stalls holds up
 * nobody.
 */
export class TlsAcceptor {
  private readonly owner: TlsAcceptorOwner;
  private readonly timeoutMs: number;
  private engine: tls.Server;
  /** In the order of their arrival. */
  private readonly handshakes = new Set<Handshake>();
  private readonly bySocket = new WeakMap<object, Handshake>();
  private emptied: Deferred<void> | undefined;

  constructor(settings: TlsServerSettings, timeoutMs: number, owner: TlsAcceptorOwner) {
    this.owner = owner;
    this.timeoutMs = timeoutMs;
    this.engine = this.createEngine(settings);
  }

  /** Handshakes under way. */
  get pending(): number {
    return this.handshakes.size;
  }

  /** From now on, handshakes are made with other certificates and authorities. */
  replace(settings: TlsServerSettings): void {
    this.engine = this.createEngine(settings);
  }

  /** Begins a handshake with a client; `peer` is who that is, where it is not who the socket is connected to. */
  accept(socket: Socket, peer?: PeerAddress): void {
    const handshake = new Handshake(socket, peer);
    this.handshakes.add(handshake);
    this.bySocket.set(socket, handshake);
    this.owner.wheel.schedule(handshake, this.timeoutMs);
    // After its event `end` or `error` a socket closes by itself; without a listener an error would be uncaught.
    socket.on('error', (error) => handshake.fail(error));
    socket.once('close', () => this.onClosed(handshake));
    // A client that hangs up in the middle is gone; only after the handshake may it close one half.
    socket.allowHalfOpen = false;
    this.engine.emit('connection', socket);
  }

  /** Ends the handshake that has taken the longest; false when there is none. */
  dropOldest(): boolean {
    const oldest = this.handshakes.values().next().value;
    oldest?.drop('too many connections');
    return oldest !== undefined;
  }

  /** Ends all handshakes; resolves when they are gone. */
  close(): Promise<void> {
    this.emptied = new Deferred();
    for (const handshake of this.handshakes) handshake.drop('the server stops');
    this.checkEmptied();
    return this.emptied.promise;
  }

  /**
   * The server of Node's that makes the handshakes. It does not listen: sockets are handed to it, which is the way to
   * have a new one when the certificates change, and to know about a connection before its handshake.
   */
  private createEngine({ material, requiresCertificate, findContext }: TlsServerSettings): tls.Server {
    const engine = tls.createServer({
      ...toNodeOptions(material),
      requestCert: requiresCertificate,
      rejectUnauthorized: requiresCertificate,
      handshakeTimeout: NEVER_MS,
      ...(findContext === undefined
        ? {}
        : {
            SNICallback: (name: string, answer: (error: Error | null, context?: SecureContext) => void): void => {
              findContext(name.toLowerCase()).then(
                (context) => answer(null, context),
                (error: unknown) => answer(new Error(`no certificate for ${shown(name)}`, { cause: error })),
              );
            },
          }),
    });
    if (requiresCertificate)
      engine.on('keylog', (line, socket) => this.handshakeOf(socket)?.alert.onKeyLog(line, socket));
    engine.on('secureConnection', (socket) => this.onSecured(socket));
    engine.on('tlsClientError', (error, socket) => this.onFailed(error, socket));
    return engine;
  }

  private onSecured(socket: TLSSocket): void {
    const handshake = this.handshakeOf(socket);
    if (handshake === undefined || handshake.isOver) {
      socket.destroy();
      return;
    }
    this.forget(handshake);
    socket.allowHalfOpen = true;
    this.owner.onSecured(new TlsTransport(socket, false, handshake.peer));
  }

  private onFailed(error: Error, socket: TLSSocket): void {
    const refusal: unknown = socket.authorizationError;
    const handshake = this.handshakeOf(socket);
    handshake?.fail(typeof refusal === 'string' ? new Error(`client certificate refused: ${refusal}`) : error);
    socket.destroy();
  }

  private onClosed(handshake: Handshake): void {
    if (!this.handshakes.has(handshake)) return;
    this.forget(handshake);
    const { peer } = handshake;
    const address = peer?.remoteAddress ?? handshake.address;
    const port = peer?.remotePort ?? handshake.port;
    // Node says what is wrong with a client's certificate when the socket has closed.
    afterThisTurn(() => {
      this.owner.onHandshakeFailed(address, port, handshake.error ?? new Error('the client hung up'));
      this.checkEmptied();
    });
  }

  private forget(handshake: Handshake): void {
    this.handshakes.delete(handshake);
    handshake.isOver = true;
    this.owner.wheel.cancel(handshake);
  }

  /** A secured socket refers to the one below, in a field that is not documented; the address is the other way. */
  private handshakeOf(socket: TLSSocket): Handshake | undefined {
    const { _parent: parent } = socket as { _parent?: unknown };
    if (typeof parent === 'object' && parent !== null) {
      const handshake = this.bySocket.get(parent);
      if (handshake !== undefined) return handshake;
    }
    const { remoteAddress, remotePort } = socket;
    for (const handshake of this.handshakes) {
      if (handshake.port === remotePort && handshake.address === remoteAddress) return handshake;
    }
    return undefined;
  }

  private checkEmptied(): void {
    if (this.handshakes.size === 0) this.emptied?.resolve();
  }
}

/** A connection whose TLS handshake is under way. */
class Handshake implements WheelEntry {
  wheelOwner: TimerWheel | undefined = undefined;
  wheelPrevious: WheelEntry | undefined = undefined;
  wheelNext: WheelEntry | undefined = undefined;
  wheelDueTick = 0;
  readonly address: string;
  readonly port: number;
  isOver = false;
  error: Error | undefined;
  readonly peer: PeerAddress | undefined;
  private certificateAlert: CertificateAlert | undefined;
  private readonly socket: Socket;

  constructor(socket: Socket, peer: PeerAddress | undefined) {
    this.socket = socket;
    this.peer = peer;
    this.address = socket.remoteAddress ?? '';
    this.port = socket.remotePort ?? 0;
  }

  /** Made for servers that ask for a certificate. */
  get alert(): CertificateAlert {
    this.certificateAlert ??= new CertificateAlert(this.socket);
    return this.certificateAlert;
  }

  /** The first reason counts. */
  fail(error: Error): void {
    this.error ??= error;
  }

  drop(why: string): void {
    this.fail(new Error(why));
    this.socket.destroy();
  }

  /** @internal WheelEntry */
  onTimeout(): void {
    this.drop('the handshake timed out');
  }
}

/** A name from the network, fit for a log. */
function shown(name: string): string {
  return `'${name.slice(0, 253).replace(/[^\w.*-]/g, '?')}'`;
}
