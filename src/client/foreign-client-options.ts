import { deflateTables } from '../protocol/websocket/deflate/per-message-deflate-options.ts';
import { tlsTable } from '../transport/tls/tls-options.ts';
import { type ForeignNames, foreignNames, foreignUnder } from '../util/option-table.ts';

/** The habits of those who know `ws`, browsers, undici, partysocket or Socket.IO. */
export const foreignClientNames: ForeignNames = {
  ...foreignUnder('tlsOptions', tlsTable),
  ...foreignUnder('perMessageDeflate', deflateTables.client),
  ...foreignNames({
    extraHeaders: 'headers header httpHeaders requestHeaders customHeaders',
    subprotocols: 'protocol protocols subProtocol subProtocols',
    perMessageDeflate: 'compression compress deflate',
    pingIntervalSecs: 'heartbeat heartbeatInterval keepAlive keepalive keepAliveInterval pingPeriod',
    maxMessageSize:
      'maxPayload maxPayloadLength maxPayloadSize maxReceivedMessageSize maxReceivedFrameSize maxFrameSize',
    handshakeTimeoutSecs: 'timeout connectTimeout connectionTimeout openTimeout',
    maxHeadBytes: 'maxHeaderSize maxHeadersSize',
    maxHeaders: 'maxHeadersCount',
    enablePong: 'autoPong',
    automaticReconnection: 'reconnect reconnection autoReconnect autoreconnect shouldRetry',
    minWaitBetweenReconnectionRetries: 'reconnectInterval reconnectDelay reconnectionDelay minReconnectionDelay',
    maxWaitBetweenReconnectionRetries: 'maxReconnectInterval maxReconnectionDelay reconnectionDelayMax maxBackoff',
    maxRetries: 'retries retry reconnectionAttempts maxReconnectAttempts maxReconnects',
    reconnectJitter: 'jitter randomizationFactor',
    'outbox.maxBytes': 'maxEnqueuedMessages maxQueue queue',
    "the header goes into 'extraHeaders'": 'origin cookie cookies authorization',
    "credentials go into the url, or into 'extraHeaders' as Authorization": 'auth user username password token',
    "it is a part of the 'url'": 'port host hostname path pathname query params search scheme secure',
    "'maxRedirects' says how many redirects are followed, and 0 that none is":
      'followRedirects followRedirect maxRedirections redirect',
    "a proxy is given as 'proxy', and TLS as 'tlsOptions'": 'agent dispatcher httpAgent httpsAgent',
    'an opening handshake is always a GET without a body': 'method verb body data',
    'text is always checked': 'skipUTF8Validation',
    'binary messages are always Buffers': 'binaryType',
    'callbacks are set by setOnMessageCallback() or on()':
      'onopen onmessage onclose onerror onOpen onMessage onClose onError',
    'it belongs to a server: see WebSocketServer':
      'server noServer clientTracking verifyClient handleProtocols backlog',
  }),
};
