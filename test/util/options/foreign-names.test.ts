import { describe, expect, test } from 'vitest';
import {
  HttpClient,
  HttpRequestArgs,
  HttpServer,
  serveFiles,
  UsageError,
  WebSocket,
  WebSocketServer,
} from '../../../src/index.ts';
import { optionTables } from '../../support/option-tables.ts';

const objects = {
  WebSocket: (options: never) => new WebSocket(options),
  WebSocketServer: (options: never) => new WebSocketServer(options),
  HttpServer: (options: never) => new HttpServer(options),
  HttpClient: (options: never) => new HttpClient(options),
  HttpRequestArgs: (options: never) => new HttpRequestArgs(options),
  tlsOptions: (options: never) => new WebSocket({ tlsOptions: options }),
  perMessageDeflate: (options: never) => new WebSocket({ perMessageDeflate: options }),
};

function complaintOf(object: keyof typeof objects, options: unknown): string {
  try {
    objects[object](options as never);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const verifiesNothing =
  "'caFile' of tlsOptions is 'NONE' where nothing is to be verified; better name the authority in it";
const tlsOfTheClient = "TLS is an option of the client: 'tlsOptions'";
const attach = "attach(httpServer) takes the upgrades of a server of Node's";
const noServer = 'without listen() no port is opened, and handleUpgrade(request, socket, head) takes single upgrades';
const belongsToServer = 'it belongs to a server: see WebSocketServer';

describe.each<[keyof typeof objects, string, Record<string, string>]>([
  [
    'WebSocket',
    'a WebSocket',
    {
      headers: 'extraHeaders',
      pingInterval: 'pingIntervalSecs',
      cert: 'tlsOptions.certFile',
      key: 'tlsOptions.keyFile',
      ca: 'tlsOptions.caFile',
      certFile: 'tlsOptions.certFile',
      rejectUnauthorized: verifiesNothing,
      servername: 'tlsOptions.serverName',
      server: belongsToServer,
      noServer: belongsToServer,
      maxPayload: 'maxMessageSize',
      timeout: 'handshakeTimeoutSecs',
      handshakeTimeout: 'handshakeTimeoutSecs',
      closeTimeout: 'closeTimeoutSecs',
      method: 'an opening handshake is always a GET without a body',
      protocol: 'subprotocols',
      protocols: 'subprotocols',
      followRedirects: "'maxRedirects' says how many redirects are followed, and 0 that none is",
      permessageDeflate: 'perMessageDeflate',
      compression: 'perMessageDeflate',
      threshold: 'perMessageDeflate.threshold',
      zlibDeflateOptions: "'level' and 'memLevel' of perMessageDeflate are all of zlib that there is",
      agent: "a proxy is given as 'proxy', and TLS as 'tlsOptions'",
      port: "it is a part of the 'url'",
      host: "it is a part of the 'url'",
      origin: "the header goes into 'extraHeaders'",
      auth: "credentials go into the url, or into 'extraHeaders' as Authorization",
      reconnect: 'automaticReconnection',
      maxReconnectionDelay: 'maxWaitBetweenReconnectionRetries',
      minUptime: 'minUptimeMs',
    },
  ],
  [
    'WebSocketServer',
    'a server',
    {
      headers: "fields of a response go into 'headers' of what 'onUpgrade' answers",
      pingInterval: 'pingIntervalSecs',
      cert: 'tlsOptions.certFile',
      key: 'tlsOptions.keyFile',
      ca: 'tlsOptions.caFile',
      rejectUnauthorized: verifiesNothing,
      requestCert: "a server asks for certificates when 'caFile' of tlsOptions names who signs them",
      server: attach,
      noServer,
      maxPayload: 'maxMessageSize',
      timeout: 'handshakeTimeoutSecs',
      method: 'requests of every method arrive, and only GET can open a WebSocket',
      protocols: 'subprotocols',
      handshakeTimeout: 'handshakeTimeoutSecs',
      verifyClient: 'onUpgrade',
      handleProtocols: 'subprotocols',
      clientTracking: 'getClients() knows all clients at any time',
      hostname: 'host',
      url: "'host' and 'port' say where to listen",
      maxBodySize: 'it is an option of an HttpServer',
      agent: 'clients find a server by its address: a server has no proxy',
    },
  ],
  [
    'HttpServer',
    'an HTTP server',
    {
      headers: 'fields of a response go into the HttpResponse',
      pingInterval: 'pingIntervalSecs',
      cert: 'tlsOptions.certFile',
      key: 'tlsOptions.keyFile',
      rejectUnauthorized: verifiesNothing,
      server: attach,
      noServer,
      maxPayload: 'maxMessageSize',
      timeout: 'timeoutSecs',
      keepAliveTimeout: 'keepAliveTimeoutSecs',
      headersTimeout: 'handshakeTimeoutSecs',
      bodyLimit: 'maxBodySize',
      trustProxy: 'trustedProxies',
      fetch: 'setOnConnectionCallback() sets the function that answers requests',
      root: "'serveFiles' of the package makes a callback that serves the files of a directory",
    },
  ],
  [
    'HttpClient',
    'an HttpClient',
    {
      headers: 'it belongs to a request: get(url, { extraHeaders: … })',
      extraHeaders: 'it belongs to a request: get(url, { extraHeaders: … })',
      timeout: 'it belongs to a request: get(url, { transferTimeout: … })',
      method: 'it belongs to a request: get(url, { verb: … })',
      cert: 'tlsOptions.certFile',
      rejectUnauthorized: verifiesNothing,
      agent: "a proxy is given as 'proxy', and TLS as 'tlsOptions'",
      maxSockets: 'maxConnectionsPerOrigin',
      keepAlive: 'keepAliveSecs',
      baseURL: 'every request names its whole url',
    },
  ],
  [
    'HttpRequestArgs',
    'a request',
    {
      headers: 'extraHeaders',
      method: 'verb',
      timeout: 'transferTimeout',
      data: 'body',
      json: "it belongs into 'body', as JSON.stringify(value), with a Content-Type",
      params: "it is a part of the 'url'",
      redirect: 'followRedirects',
      maxRedirections: 'maxRedirects',
      headersTimeout: 'firstByteTimeout',
      bodyTimeout: 'idleTimeout',
      cert: tlsOfTheClient,
      key: tlsOfTheClient,
      ca: tlsOfTheClient,
      rejectUnauthorized: tlsOfTheClient,
      proxy: 'it is an option of the client: new HttpClient({ … })',
      agent: "connections are options of the client: 'proxy', 'tlsOptions' and others",
      auth: "credentials go into the url, or into 'extraHeaders' as Authorization",
      compressed: 'compress',
    },
  ],
  [
    'tlsOptions',
    'tlsOptions',
    {
      cert: 'certFile',
      key: 'keyFile',
      ca: 'caFile',
      rejectUnauthorized: verifiesNothing,
      servername: 'serverName',
      checkServerIdentity: 'disableHostnameValidation',
      pfx: "'certFile' and 'keyFile' of tlsOptions take PEM",
    },
  ],
  [
    'perMessageDeflate',
    'perMessageDeflate',
    {
      zlibDeflateOptions: "'level' and 'memLevel' of perMessageDeflate are all of zlib that there is",
      concurrencyLimit: 'messages are compressed at once, one after the other',
      server_no_context_takeover: 'serverNoContextTakeover',
      client_max_window_bits: 'clientMaxWindowBits',
    },
  ],
])('%s', (object, owner, answers) => {
  test.each(Object.entries(answers))('that is given %s says: %s', (name, answer) => {
    const hint = answer.includes(' ') ? answer : `did you mean '${answer}'?`;
    expect(complaintOf(object, { [name]: 'x' })).toBe(`${name}: is not an option of ${owner}; ${hint}`);
  });
});

test.each<[keyof typeof objects, unknown, string]>([
  ['WebSocket', 'ws://127.0.0.1/', 'options: of a WebSocket must be an object such as { url: … }, got a string'],
  ['WebSocketServer', 8080, 'options: of a server must be an object such as { port: … }, got 8080'],
  ['HttpServer', '8080', 'options: of an HTTP server must be an object such as { port: … }, got a string'],
  ['HttpClient', 'http://127.0.0.1/', 'options: of an HttpClient must be an object such as { proxy: … }, got a string'],
  ['HttpRequestArgs', 'x', 'options: of a request must be an object such as { url: …, extraHeaders: … }, got a string'],
  ['tlsOptions', 'ca.pem', 'options: of tlsOptions must be an object such as { caFile: … }, got a string'],
  ['perMessageDeflate', 'on', 'options: of perMessageDeflate must be an object such as { level: … }, got a string'],
])('%s given %j in place of options shows how they look', (object, given, message) => {
  expect(complaintOf(object, given)).toBe(message);
});

test('a call with a text in place of options shows how they look', () => {
  const form = /^options: of serveFiles must be an object such as { index: … }, got a string$/;
  expect(() => serveFiles('.', 'index.html' as never)).toThrow(form);
});

const tables = Object.entries(optionTables);

describe.each(tables)('the foreign names of %s', (_, { lines, foreign = {} }) => {
  test('lead to options that exist', () => {
    for (const [name, answer] of Object.entries(foreign)) {
      if (answer.includes(' ')) continue;
      const [option = '', inside] = answer.split('.');
      expect(Object.keys(lines), name).toContain(option);
      if (inside === undefined) continue;
      const nested = optionTables[option as keyof typeof optionTables].lines;
      expect(Object.keys(nested), name).toContain(inside);
    }
  });

  test('name in their sentences nothing else that looks like an option', () => {
    const everyOption = new Set(tables.flatMap(([, table]) => Object.keys(table.lines)));
    for (const answer of Object.values(foreign)) {
      for (const [, quoted = ''] of answer.matchAll(/'(\w+)'/g)) {
        if (quoted !== 'NONE' && quoted !== 'serveFiles' && quoted !== 'headers') expect(everyOption).toContain(quoted);
      }
    }
  });
});
