export type { WebSocketOptions } from './client/client-options.ts';
export { explain } from './client/explain/explain.ts';
export type { LostMessage, OutboxOptions } from './client/outbox.ts';
export type { Provider, ProviderContext } from './client/provider.ts';
export type { ConnectResult, WebSocketStopInfo } from './client/reconnecting-client.ts';
export type { ReconnectionContext, ReconnectionOptions } from './client/reconnection-options.ts';
export type { ConnectOptions } from './client/websocket.ts';
export { WebSocket } from './client/websocket.ts';
export type { OnCancel, SlowConsumerPolicy } from './connection/connection-limits.ts';
export type { ConnectionOptions } from './connection/connection-options.ts';
export type { DuplexOptions } from './connection/duplex.ts';
export type {
  ConnectAttempt,
  ConnectAttemptExchange,
  ConnectAttemptInterim,
  ConnectAttemptPhase,
  ConnectAttemptRequest,
  ConnectAttemptResponse,
  ConnectAttemptTLS,
} from './connection/messages/connect-attempt.ts';
export type { MessageOf, OnMessageCallback } from './connection/messages/message-hub.ts';
export type {
  WebSocketBinaryMessage,
  WebSocketCloseInfo,
  WebSocketCloseMessage,
  WebSocketDataMessage,
  WebSocketDroppedMessage,
  WebSocketErrorInfo,
  WebSocketErrorMessage,
  WebSocketFragmentMessage,
  WebSocketMessage,
  WebSocketOpenInfo,
  WebSocketOpenMessage,
  WebSocketPingMessage,
  WebSocketPongMessage,
  WebSocketTextMessage,
} from './connection/messages/messages.ts';
export { WebSocketMessageType } from './connection/messages/messages.ts';
export type { PingMessageKind } from './connection/pings/ping-message.ts';
export { ReadyState } from './connection/ready-state.ts';
export { prepareMessage } from './connection/sending/prepare-message.ts';
export type { OnProgress } from './connection/sending/progress-sender.ts';
export type {
  SendData,
  WebSocketSendFailure,
  WebSocketSendInfo,
  WebSocketSendSuccess,
} from './connection/sending/send-data.ts';
export type { SendOptions } from './connection/sending/send-options.ts';
export type { OnTrafficTrackerCallback } from './connection/traffic-tracker.ts';
export { WebSocketConnection } from './connection/websocket-connection.ts';
export type { DialOptions } from './dial/dial-options.ts';
export type {
  ConnectErrorCode,
  ConnectPhase,
  ListenErrorCode,
  TLSHandshakeErrorCode,
  TLSOptionsErrorCode,
} from './errors.ts';
export { ConnectError, IxError, ListenError, UsageError } from './errors.ts';
export type { BodyErrorCode } from './http/body-error.ts';
export { BodyError } from './http/body-error.ts';
export type { HttpParameters } from './http/form/form.ts';
export type {
  HttpFormContent,
  HttpFormDataParameters,
  HttpFormFile,
  HttpFormValue,
} from './http/form/multipart-part.ts';
export { HttpErrorCode } from './http/http-error-code.ts';
export { HttpResponse } from './http/http-response.ts';
export type { HttpBody } from './http/response-body.ts';
export type { HttpDownloadOptions } from './http-client/download.ts';
export type { OnResponseCallback } from './http-client/http-client.ts';
export { HttpClient } from './http-client/http-client.ts';
export type { HttpClientOptions } from './http-client/http-client-options.ts';
export { HttpStream, HttpStreamError } from './http-client/http-stream.ts';
export { HttpRequestArgs } from './http-client/request/request-args.ts';
export type { HttpRequestInit } from './http-client/request/request-call.ts';
export type {
  HttpRequestObserver,
  ObservedInterim,
  ObservedRequest,
  ObservedResponse,
} from './http-client/request/request-observer.ts';
export type {
  HttpRequestBody,
  HttpRequestOptions,
  OnChunk,
  OnHttpProgress,
} from './http-client/request/request-options.ts';
export type { OnHttpRequestCallback } from './http-server/http-server.ts';
export { HttpServer } from './http-server/http-server.ts';
export type { HttpServerOptions } from './http-server/http-server-options.ts';
export { HttpRequest } from './http-server/request/http-request.ts';
export type { HttpRequestErrorCode } from './http-server/request/request-error.ts';
export { HttpRequestError } from './http-server/request/request-error.ts';
export type { StaticRequest } from './http-server/static/file-response.ts';
export { serveFiles } from './http-server/static/static-files.ts';
export type { ServeFilesOptions } from './http-server/static/static-options.ts';
export type { CallbackErrors, OnCallbackError } from './platform/callback-errors.ts';
export { userAgent } from './platform/user-agent.ts';
export type { RequestHead } from './protocol/http1/head/request-head.ts';
export type { HttpHeadersInit as WebSocketHttpHeadersInit } from './protocol/http1/headers.ts';
export { HttpHeaders as WebSocketHttpHeaders } from './protocol/http1/headers.ts';
export { CloseCode } from './protocol/websocket/closing/close-codes.ts';
export type {
  PerMessageDeflateSettings,
  WebSocketPerMessageDeflateOptions,
} from './protocol/websocket/deflate/per-message-deflate-options.ts';
export type { OnFrame, WebSocketFrame } from './protocol/websocket/frames/frame-tap.ts';
export { PreparedMessage } from './protocol/websocket/frames/prepared-message.ts';
export type { OriginPolicy } from './protocol/websocket/handshake/origin-policy.ts';
export type { AdmissionOptions } from './server/admission/admission-options.ts';
export type { AttachableServer, UpgradeSocket } from './server/admission/http-attachments.ts';
export type {
  SubprotocolChooser,
  UpgradeAcceptance,
  UpgradeAcceptanceFields,
  UpgradeAnswer,
  UpgradeCallback,
  UpgradeRefusal,
} from './server/admission/upgrade-request.ts';
export { UpgradeRequest } from './server/admission/upgrade-request.ts';
export type { BroadcastInfo, BroadcastOptions, BroadcastWhenReadyOptions } from './server/audience/broadcast.ts';
export type { SubscribeErrorCode, SubscribeInfo } from './server/audience/topics.ts';
export type { ConnectionInfo } from './server/connection-state.ts';
export { ConnectionState } from './server/connection-state.ts';
export type { ServerMetrics } from './server/core/server-metrics.ts';
export type { ListenResult } from './server/life/server-listener.ts';
export type { ShutdownOptions, ShutdownReport } from './server/life/shutdown.ts';
export type { ShutdownOnSignalsOptions } from './server/life/shutdown-on-signals.ts';
export { shutdownOnSignals } from './server/life/shutdown-on-signals.ts';
export type { LogCallback, LogLevel, SocketServerOptions } from './server/server-options.ts';
export type { OnClientMessageCallback } from './server/server-websocket.ts';
export { ServerWebSocket } from './server/server-websocket.ts';
export { SocketServer } from './server/socket-server.ts';
export type { OnConnectionCallback } from './server/websocket-server.ts';
export { WebSocketServer } from './server/websocket-server.ts';
export type { TLSCertificate, TLSConnectionInfo } from './transport/tls/tls-info.ts';
export type { SocketTLSOptions, TLSIdentity, TLSIdentityChooser } from './transport/tls/tls-options.ts';
export { calculateRetryWaitMilliseconds } from './util/backoff.ts';
export { version } from './util/version.ts';

/** IXWebSocket's call for Windows; Node initialises Winsock, so it does nothing and returns `true`. */
export function initNetSystem(): boolean {
  return true;
}

/** The counterpart of {@link initNetSystem}; it does nothing and returns `true`. */
export function uninitNetSystem(): boolean {
  return true;
}
