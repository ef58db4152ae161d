import type { DialObserver } from '../../dial/connect.ts';
import type { ProxyServer } from '../../dial/proxy-server.ts';
import type { HttpUrl } from '../../dial/url.ts';
import type { ConnectPhase } from '../../errors.ts';
import type { SocketTLSOptions } from '../../transport/tls/tls-options.ts';
import type { ClientConnection } from './client-connection.ts';

/** Where connections are waited for. */
export interface WaitingRoom {
  readonly waiters: Set<PoolPlace>;
  onFree(connection: ClientConnection): void;
}

/** Which connections a request may use. */
export interface PoolTarget {
  /** The same for all requests that may share connections. */
  readonly key: string;
  readonly url: HttpUrl;
  readonly proxy: ProxyServer | undefined;
  /** Whether the proxy itself is asked, rather than a server through it. */
  readonly isForward: boolean;
  readonly tlsOptions: SocketTLSOptions | undefined;
}

/** Who wants a connection. The fields are the pool's. */
export abstract class PoolPlace implements DialObserver {
  /** What it is waiting for. */
  waitsFor: 'nothing' | 'place' | 'dial' | 'poll' = 'nothing';
  waitsAt: WaitingRoom | undefined = undefined;
  ender: AbortController | undefined = undefined;
  promised: ClientConnection | undefined = undefined;

  abstract readonly poolTarget: PoolTarget;
  /** Whether it must be a connection that nobody has used. */
  abstract readonly wantsFresh: boolean;
  abstract onConnection(connection: ClientConnection): void;
  abstract onNoConnection(error: unknown): void;
  abstract begin(phase: ConnectPhase): void;

  onProxy(): void {}
  onAddress(): void {}
  onAgreed(): void {}
}
