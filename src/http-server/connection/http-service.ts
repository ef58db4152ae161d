import type { Refusal } from '../../protocol/http1/head/refusal.ts';
import type { RequestHead } from '../../protocol/http1/head/request-head.ts';
import type { JoinResult } from '../../server/core/server-core.ts';
import type { PlainConnection } from '../../server/life/plain-connection.ts';
import type { Transport } from '../../transport/transport.ts';
import type { TimerWheel } from '../../util/timer-wheel.ts';
import type { HttpSettings } from '../http-server-options.ts';
import type { HttpRequest } from '../request/http-request.ts';
import type { ByteBudget } from '../request/request-body.ts';

/** The server, as an `HttpConnection` sees it. */
export interface HttpConnectionOwner<S> {
  readonly wheel: TimerWheel;
  /** The memory for bodies, which all connections share. */
  readonly memory: ByteBudget | undefined;
  reportError(error: unknown): void;
  /** Tells if a request asks for WebSocket, and gets it here. */
  isUpgrade(head: RequestHead): boolean;
  /** The first bytes came. */
  onTalks(connection: PlainConnection): void;
  /** Tells if an ordinary request is for a name that the server goes by. */
  allowsHost(transport: Transport, head: RequestHead): boolean;
  /** The first request is an ordinary one: it is served with the state, or refused. */
  join(connection: PlainConnection, transport: Transport, head: RequestHead): JoinResult<S>;
  /** The connection ends before it has a state. */
  countRefusal(refusal: Refusal, remoteIp: string): void;
  /** The connection is given up for a WebSocket; `rest` came behind the request. */
  upgrade(connection: PlainConnection, transport: Transport, head: RequestHead, rest: Buffer): void;
  leave(connection: PlainConnection): void;
}

/** The treatment of requests. */
export interface HttpService<S> {
  readonly settings: HttpSettings;
  /** The user's callback. */
  readonly callback: (request: HttpRequest, state: S) => unknown;
}
