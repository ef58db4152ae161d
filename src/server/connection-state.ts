import { UsageError } from '../errors.ts';
import { describeTls, type TLSConnectionInfo } from '../transport/tls/tls-info.ts';
import { atOnce } from '../util/call-safely.ts';
import { inspection, showBy } from '../util/inspection.ts';

/** The client of a connection. */
export interface ConnectionInfo<D = unknown> {
  readonly remoteIp: string;
  readonly remotePort: number;
  /** The outcome of the TLS handshake, the client's certificate included; absent without TLS. */
  readonly tls?: TLSConnectionInfo | undefined;
  /** The `data` that the option `onUpgrade` gave for this connection. */
  readonly data: D;
}

let nextId = 0;

/**
 * The object that a server keeps for each connection. Make a subclass to keep more, and give the server a factory for it.
 *
 * @example
 * class User extends ConnectionState {
 *   isAuthenticated = false;
 * }
 * const server = new WebSocketServer({ connectionStateFactory: (info) => new User(info) });
 */
export class ConnectionState {
  /** The id that {@link computeId} gave. */
  readonly id: string;
  /** The address of the peer; empty on a unix socket. */
  remoteIp: string;
  /** The port of the peer; 0 on a unix socket. */
  remotePort: number;
  /** The outcome of the TLS handshake, the client's certificate included; `undefined` without TLS. */
  tls: TLSConnectionInfo | undefined;

  static {
    showBy(
      ConnectionState.prototype,
      inspection(({ tls, ...state }: ConnectionState) =>
        tls === undefined ? state : { ...state, tls: describeTls(tls) },
      ),
    );
  }

  constructor(info?: Omit<ConnectionInfo, 'data'>) {
    this.id = this.computeId();
    this.remoteIp = info?.remoteIp ?? '';
    this.remotePort = info?.remotePort ?? 0;
    this.tls = info?.tls;
  }

  getId(): string {
    return this.id;
  }

  getRemoteIp(): string {
    return this.remoteIp;
  }

  getRemotePort(): number {
    return this.remotePort;
  }

  /** An id that no other connection of this process has: a number that counts up from 0. Override it for another. */
  protected computeId(): string {
    return String(nextId++);
  }
}

/** @internal Makes the state of a connection with a user's factory, which throws what it likes. */
export function createState<S extends ConnectionState, D>(
  factory: (info: ConnectionInfo<D>) => S,
  info: ConnectionInfo<D>,
): S {
  const state = atOnce('connectionStateFactory', factory(info));
  if (!(state instanceof ConnectionState)) {
    throw new UsageError('connectionStateFactory', 'must return a ConnectionState');
  }
  atOnce('computeId', state.id);
  // The factory of setConnectionStateFactory(), as IXWebSocket has it, is not told who connects.
  state.remoteIp = info.remoteIp;
  state.remotePort = info.remotePort;
  state.tls = info.tls;
  return state;
}
