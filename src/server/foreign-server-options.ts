import { deflateTables } from '../protocol/websocket/deflate/per-message-deflate-options.ts';
import { tlsTable } from '../transport/tls/tls-options.ts';
import { type ForeignNames, foreignNames, foreignUnder } from '../util/option-table.ts';

/** The habits of those who know `ws`, Node's servers, Express, Fastify, uWebSockets.js, Bun or Socket.IO. */
export const foreignServerNames: ForeignNames = {
  ...foreignUnder('tlsOptions', tlsTable),
  ...foreignUnder('perMessageDeflate', deflateTables.server),
  ...foreignNames({
    host: 'hostname address ip',
    socketPath: 'unix ipc',
    tlsOptions: 'tls ssl https',
    subprotocols: 'protocol protocols subProtocols handleProtocols',
    onUpgrade: 'verifyClient verify allowRequest authenticate',
    allowedOrigins: 'origin origins cors',
    trustedProxies: 'trustProxy',
    perMessageDeflate: 'compression compress deflate',
    pingIntervalSecs: 'heartbeat heartbeatInterval keepAlive keepalive idleTimeout',
    maxMessageSize: 'maxPayload maxPayloadLength maxHttpBufferSize maxReceivedMessageSize maxReceivedFrameSize',
    maxBufferedBytes: 'maxBackpressure backpressureLimit',
    maxConnectionAgeSecs: 'maxLifetime maxAge',
    handshakeTimeoutSecs: 'timeout connectTimeout headersTimeout requestTimeout upgradeTimeout',
    maxHeadBytes: 'maxHeaderSize maxHeadersSize',
    maxHeaders: 'maxHeadersCount',
    serverHeader: 'serverName poweredBy userAgent',
    enablePong: 'autoPong',
    "attach(httpServer) takes the upgrades of a server of Node's": 'server httpServer',
    'without listen() no port is opened, and handleUpgrade(request, socket, head) takes single upgrades': 'noServer',
    'getClients() knows all clients at any time': 'clientTracking',
    "fields of a response go into 'headers' of what 'onUpgrade' answers": 'headers extraHeaders',
    "'host' and 'port' say where to listen": 'url',
    'requests of every method arrive, and only GET can open a WebSocket': 'method methods verb',
    'it is an option of an HttpServer':
      'maxBodySize timeoutSecs keepAliveTimeoutSecs handlerTimeoutSecs maxRequestsPerConnection streamRequests decodeRequests',
    'text is always checked': 'skipUTF8Validation',
    'callbacks are set by setOnClientMessageCallback() or setOnConnectionCallback()':
      'onConnection onconnection onMessage onmessage onOpen onopen onClose onclose handler websocket',
    'clients find a server by its address: a server has no proxy': 'proxy agent',
  }),
};
