export type { WebSocketOptions } from './client/client-options.ts';
export { explain } from './client/explain.ts';
export type { LostMessage, OutboxOptions } from './client/outbox.ts';
export type { Provider, ProviderContext } from './client/provider.ts';
export type { ReconnectionContext, ReconnectionOptions } from './client/reconnection-options.ts';
export type { ConnectOptions, ConnectResult, WebSocketStopInfo } from './client/websocket.ts';
export { WebSocket } from './client/websocket.ts';
export type {
  ConnectAttempt,
  ConnectAttemptPhase,
  ConnectAttemptResponse,
  ConnectAttemptTLS,
} from './connection/connect-attempt.ts';
export type { ConnectionOptions } from './connection/connection-options.ts';
export type { OnCancel } from './connection/limits.ts';
export type { MessageOf, OnCallbackError, OnMessageCallback } from './connection/message-hub.ts';
export type {
  WebSocketBinaryMessage,
  WebSocketCloseInfo,
  WebSocketCloseMessage,
  WebSocketDataMessage,
  WebSocketErrorInfo,
  WebSocketErrorMessage,
  WebSocketFragmentMessage,
  WebSocketMessage,
  WebSocketOpenInfo,
  WebSocketOpenMessage,
  WebSocketPingMessage,
  WebSocketPongMessage,
  WebSocketTextMessage,
} from './connection/messages.ts';
export { WebSocketMessageType } from './connection/messages.ts';
export type { PingMessageKind } from './connection/ping-message.ts';
export type { OnProgress } from './connection/progress-sender.ts';
export { ReadyState } from './connection/ready-state.ts';
export type {
  SendData,
  WebSocketSendFailure,
  WebSocketSendInfo,
  WebSocketSendSuccess,
} from './connection/send-data.ts';
export type { OnTrafficTrackerCallback } from './connection/traffic-tracker.ts';
export { WebSocketConnection } from './connection/websocket-connection.ts';
export type {
  ConnectErrorCode,
  ConnectPhase,
  ListenErrorCode,
  TLSHandshakeErrorCode,
  TLSOptionsErrorCode,
} from './errors.ts';
export { ConnectError, IxError, ListenError, UsageError } from './errors.ts';
export { userAgent } from './platform/user-agent.ts';
export type { HttpHeadersInit as WebSocketHttpHeadersInit } from './protocol/http1/headers.ts';
export { HttpHeaders as WebSocketHttpHeaders } from './protocol/http1/headers.ts';
export type { RequestHead } from './protocol/http1/request-head.ts';
export { CloseCode } from './protocol/websocket/close-codes.ts';
export type { SubprotocolChooser } from './protocol/websocket/handshake-server.ts';
export type { OriginPolicy } from './protocol/websocket/origin-policy.ts';
export type {
  PerMessageDeflateSettings,
  WebSocketPerMessageDeflateOptions,
} from './protocol/websocket/per-message-deflate-options.ts';
export type { ConnectionInfo } from './server/connection-state.ts';
export { ConnectionState } from './server/connection-state.ts';
export type { ListenResult } from './server/server-listener.ts';
export type { LogCallback, LogLevel } from './server/server-log.ts';
export type { SocketServerOptions } from './server/server-options.ts';
export type { OnClientMessageCallback } from './server/server-websocket.ts';
export { ServerWebSocket } from './server/server-websocket.ts';
export { SocketServer } from './server/socket-server.ts';
export type { OnConnectionCallback } from './server/websocket-server.ts';
export { WebSocketServer } from './server/websocket-server.ts';
export type { TLSCertificate, TLSConnectionInfo } from './transport/tls-info.ts';
export type { SocketTLSOptions, TLSIdentity, TLSIdentityChooser } from './transport/tls-options.ts';
export { calculateRetryWaitMilliseconds } from './util/backoff.ts';
export { version } from './util/version.ts';

/** The seed library's call for Windows; Node initialises Winsock, so it does nothing and returns `true`. */
export function initNetSystem(): boolean {
  return true;
}

/** The counterpart of {@link initNetSystem}; it does nothing and returns `true`. */
export function uninitNetSystem(): boolean {
  return true;
}
