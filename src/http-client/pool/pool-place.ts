import type { DialObserver } from '../../dial/connect.ts';
import type { ProxyServer } from '../../dial/proxy-server.ts';
import type { HttpUrl } from '../../dial/url.ts';
import type { ConnectPhase } from '../../errors.ts';
import type { SocketTLSOptions } from '../../transport/tls/tls-options.ts';
import type { ClientConnection } from './client-connection.ts';

/** The connections to one place, for which places in a queue wait. */
export interface WaitingRoom {
  readonly places: Set<PoolPlace>;
  onFree(connection: ClientConnection): void;
}

/** The connections that a request may use. */
export interface PoolTarget {
  /** The same for all requests that may share connections. */
  readonly key: string;
  readonly url: HttpUrl;
  readonly proxy: ProxyServer | undefined;
  /** True when the proxy itself is asked, rather than a server through it. */
  readonly isForward: boolean;
  readonly tlsOptions: SocketTLSOptions | undefined;
}

/** The request that gets what its place has waited for: one of the first two is called, never before `acquire` returns. */
export interface PlaceOwner {
  onConnection(connection: ClientConnection): void;
  onNoConnection(error: unknown): void;
  onPhase(phase: ConnectPhase): void;
}

/** A place in the pool's queue. What changes about it is the pool's. */
export class PoolPlace implements DialObserver {
  readonly target: PoolTarget;
  /** True for a connection that had no request before. */
  readonly wantsFresh: boolean;
  readonly owner: PlaceOwner;
  waitsFor: 'nothing' | 'place' | 'dial' | 'poll' = 'nothing';
  waitsAt: WaitingRoom | undefined = undefined;
  ender: AbortController | undefined = undefined;
  promised: ClientConnection | undefined = undefined;

  constructor(target: PoolTarget, wantsFresh: boolean, owner: PlaceOwner) {
    this.target = target;
    this.wantsFresh = wantsFresh;
    this.owner = owner;
  }

  /** @internal DialObserver */
  begin(phase: ConnectPhase): void {
    this.owner.onPhase(phase);
  }

  onProxy(): void {}
  onAddress(): void {}
  onAgreed(): void {}
}
