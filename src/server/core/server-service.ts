import type { Transport } from '../../transport/transport.ts';
import type { PendingConnection } from '../admission/pending-connections.ts';
import type { ConnectionState } from '../connection-state.ts';
import type { ServerWebSocket } from '../server-websocket.ts';

/** The part of a server that depends on its kind. */
export interface ServerService<S extends ConnectionState, D> {
  /** Takes a connection, which is pending until it has a request. It is begun by `start()`. */
  accept(transport: Transport): PendingConnection & { start(timeoutMs: number): void };
  /** A WebSocket is about to open; `open` is delivered when this returns. */
  readonly onOpen?: (webSocket: ServerWebSocket<S, D>, state: S) => unknown;
  /** `stop()` or `shutdown()` begins. */
  readonly onStopping?: () => void;
}
