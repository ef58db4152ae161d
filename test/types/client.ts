// The types of the WebSocket client, as programs see them. This file is compiled and never run.
import {
  calculateRetryWaitMilliseconds,
  initNetSystem,
  ReadyState,
  uninitNetSystem,
  WebSocket,
  type WebSocketCloseInfo,
  type WebSocketConnection,
  type WebSocketErrorInfo,
  WebSocketHttpHeaders,
  type WebSocketOpenInfo,
  type WebSocketOptions,
} from 'ixwebsocket';
import { fits, typeOf } from './prove.ts';

typeOf(initNetSystem()).is<boolean>();
typeOf(uninitNetSystem()).is<boolean>();
typeOf(calculateRetryWaitMilliseconds(0, 10_000, 100)).is<number>();

export async function runs(): Promise<void> {
  const webSocket = new WebSocket({ url: 'ws://localhost:8080/', pingIntervalSecs: 45 });
  fits<WebSocketConnection>(webSocket);
  webSocket.setOnMessageCallback((msg) => {
    if (msg.type === 'message' && !msg.binary) typeOf(msg.data).is<string>();
    if (msg.type === 'message') webSocket.send(msg.data, msg.binary);
  });
  typeOf(webSocket.isOnMessageCallbackRegistered()).is<boolean>();
  webSocket.start();
  const { unsentBytes } = await webSocket.stop();
  typeOf(unsentBytes).is<number>();
  await webSocket.stop(4000, 'reason');

  const result = await webSocket.connect(5);
  if (result.success) typeOf(result.openInfo).is<WebSocketOpenInfo>();
  else typeOf(result.errorInfo).is<WebSocketErrorInfo>();
  typeOf(webSocket.run()).is<Promise<WebSocketCloseInfo>>();
}

export function configures(): void {
  const webSocket = new WebSocket();
  webSocket.configure('wss://example.com');
  webSocket.configure({ url: 'wss://example.com', maxMessageSize: 1024 });
  webSocket.setUrl('ws://localhost/');
  typeOf(webSocket.getUrl()).is<string>();
  const headers: Record<string, string> = {};
  headers['foo'] = 'bar';
  webSocket.setExtraHeaders(headers);
  webSocket.setExtraHeaders([['foo', 'bar']]);
  webSocket.setExtraHeaders(new WebSocketHttpHeaders({ foo: 'bar' }));
  webSocket.addSubprotocol('appProtocol-v1');
  fits<readonly string[]>(webSocket.getSubprotocols());
  webSocket.setPingInterval(45);
  typeOf(webSocket.getPingInterval()).is<number>();
  webSocket.setPingMessage('hello');
  typeOf(webSocket.getPingMessage()).is<string | Buffer>();
  webSocket.enablePong();
  webSocket.disablePong();
  webSocket.setHandshakeTimeout(1);
  webSocket.setTLSOptions({
    certFile: 'cert.pem',
    keyFile: 'key.pem',
    caFile: 'SYSTEM',
    ciphers: 'DEFAULT',
    tls: true,
  });
  webSocket.setTLSOptions({ disableHostnameValidation: true });
  webSocket.setPerMessageDeflateOptions({ clientNoContextTakeover: true, serverMaxWindowBits: 10 });
  typeOf(webSocket.getPerMessageDeflateOptions().enabled).is<boolean>();
  webSocket.enablePerMessageDeflate();
  webSocket.disablePerMessageDeflate();
  webSocket.enableAutomaticReconnection();
  webSocket.disableAutomaticReconnection();
  typeOf(webSocket.isAutomaticReconnectionEnabled()).is<boolean>();
  webSocket.setMaxWaitBetweenReconnectionRetries(5 * 1000);
  typeOf(webSocket.getMaxWaitBetweenReconnectionRetries()).is<number>();
  webSocket.setMinWaitBetweenReconnectionRetries(1000);
  typeOf(webSocket.getMinWaitBetweenReconnectionRetries()).is<number>();
  WebSocket.setTrafficTrackerCallback((size, incoming) => [typeOf(size).is<number>(), typeOf(incoming).is<boolean>()]);
  WebSocket.resetTrafficTrackerCallback();
  typeOf(WebSocket.readyStateToString(ReadyState.Closing)).is<string>();
}

/** For programs with `exactOptionalPropertyTypes`: every option may also be `undefined`. */
export const undefinedOptions: WebSocketOptions = {
  url: undefined,
  extraHeaders: undefined,
  subprotocols: undefined,
  pingIntervalSecs: undefined,
  pingTimeoutSecs: undefined,
  handshakeTimeoutSecs: undefined,
  closeTimeoutSecs: undefined,
  automaticReconnection: undefined,
  shouldReconnect: undefined,
  perMessageDeflate: undefined,
  tlsOptions: { certFile: undefined, caFile: undefined, tls: undefined },
  proxy: undefined,
  signal: undefined,
  outbox: undefined,
  onCallbackError: undefined,
};

export const options: WebSocketOptions = {
  url: async () => 'ws://localhost/',
  extraHeaders: async () => ({ Authorization: 'Bearer token' }),
  subprotocols: () => ['appProtocol-v1'],
  reconnectJitter: 1,
  minUptimeMs: 5000,
  reconnectSpreadMs: 1000,
  maxRetries: Number.POSITIVE_INFINITY,
  shouldReconnect: (context) => context.type === 'error' || context.closeInfo.code !== 4001,
  signal: new AbortController().signal,
  proxy: 'env',
  localAddress: '127.0.0.1',
  family: 4,
  maxMessageSize: 1024,
  maxRedirects: 10,
  maxReadPauseSecs: 60,
  fragmentSize: 32_768,
  onCancel: 'truncate',
  outbox: { maxBytes: 1024, policy: 'drop-oldest' },
  onCallbackError: (error) => typeOf(error).is<unknown>(),
};

// @ts-expect-error IXWebSocket's name; here it is disableHostnameValidation
export const misspelled: WebSocketOptions = { tlsOptions: { disable_hostname_validation: true } };
