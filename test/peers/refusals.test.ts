import { describe, expect, test } from 'vitest';
import { explain, type WebSocketOptions } from '../../src/index.ts';
import { answerAndEnd, type Ending, failureOf } from './meeting.ts';

/** An answer to a request for the upgrade that is not granted, byte for byte but for dates. */
interface Refusal {
  readonly peer: string;
  readonly answer: string;
  readonly ending: Ending;
  readonly options?: WebSocketOptions;
  readonly code: string;
  readonly httpStatus: number;
  readonly reason?: RegExp;
  /** Parts of the explanation. */
  readonly says: readonly RegExp[];
  readonly saysNot?: RegExp;
}

const NO_ORIGIN =
  /No Origin was sent, and some servers ask for one: extraHeaders: \{ Origin: 'http:\/\/127\.0\.0\.1:\d+' \}/;

const pythonPage = (status: number, message: string, code: string): string =>
  `<!DOCTYPE HTML>\n<html lang="en">\n    <head>\n        <meta charset="utf-8">\n        <title>Error response</title>\n    </head>\n` +
  `    <body>\n        <h1>Error response</h1>\n        <p>Error code: ${status}</p>\n        <p>Message: ${message}.</p>\n` +
  `        <p>Error code explanation: ${status} - ${code}.</p>\n    </body>\n</html>\n`;

function response(statusLine: string, fields: readonly string[], body: string): string {
  return [`HTTP/1.1 ${statusLine}`, ...fields, `Content-Length: ${body.length}`, '', body].join('\r\n');
}

const prosodyPage = response(
  '501 Not Implemented',
  ['Connection: Keep-Alive', 'Content-Type: text/html; charset=utf-8'],
  '<!DOCTYPE html>\n<html>\n<head>\n<meta charset="utf-8">\n<title>501 Not Implemented</title>\n</head>\n' +
    '<body>\n<h1> 501 Not Implemented</h1>\n<p>That&apos;s all I know.</p>\n</body>\n</html>\n',
);

const refusals: readonly Refusal[] = [
  {
    peer: 'websockify 0.10, an unknown subprotocol',
    options: { subprotocols: ['chat'] },
    answer: response(
      '400 Invalid protocol selected',
      ['Server: WebSockify Python/3.11.2', 'Connection: close', 'Content-Type: text/html;charset=utf-8'],
      pythonPage(400, 'Invalid protocol selected', 'Bad request syntax or unsupported method'),
    ),
    ending: 'ends',
    code: 'badStatus',
    httpStatus: 400,
    reason: /status: 400, HTTP Status line: HTTP\/1\.1 400 Invalid protocol selected$/,
    says: [/ It said: Invalid protocol selected\. /, NO_ORIGIN],
  },
  {
    peer: 'Prosody 0.12, without its subprotocol',
    answer: prosodyPage,
    ending: 'stays',
    code: 'badStatus',
    httpStatus: 501,
    says: [/501: it does not do what this request asks for\./, NO_ORIGIN, /No subprotocol was offered/],
  },
  {
    peer: 'Prosody 0.12, with another subprotocol than its own',
    options: { subprotocols: ['chat'], extraHeaders: { Origin: 'http://example.com' } },
    answer: prosodyPage,
    ending: 'stays',
    code: 'badStatus',
    httpStatus: 501,
    says: [/only for another subprotocol/],
    saysNot: /No Origin|No subprotocol was offered|It said/,
  },
  {
    peer: 'golang.org/x/net 0.7 and cockpit-ws 287, without an Origin',
    answer: 'HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n',
    ending: 'ends',
    code: 'badStatus',
    httpStatus: 403,
    says: [/403: this connection is not allowed\./, NO_ORIGIN],
    saysNot: /It said/,
  },
  {
    peer: 'a server that minds the Origin that was sent',
    options: { extraHeaders: { Origin: 'http://127.0.0.1' } },
    answer: response(
      '403 Forbidden',
      ['Content-Type: text/plain; charset=utf-8'],
      'origin not allowed\nask the operator\n',
    ),
    ending: 'stays',
    code: 'badStatus',
    httpStatus: 403,
    says: [/ It said: origin not allowed\. /, /expects another Origin/],
    saysNot: /No Origin|ask the operator/,
  },
  {
    peer: 'InspIRCd 3.15, without an Origin',
    answer: response('400 Bad Request', ['Connection: close'], ''),
    ending: 'ends',
    code: 'badStatus',
    httpStatus: 400,
    says: [NO_ORIGIN],
  },
  {
    peer: 'a server that expects another version of WebSocket',
    answer: response('426 Upgrade Required', ['Sec-WebSocket-Version: 8'], ''),
    ending: 'stays',
    code: 'badStatus',
    httpStatus: 426,
    says: [/speak another version/, NO_ORIGIN],
  },
  {
    peer: 'websocketd 0.4.1, for two Connection lines',
    answer: response(
      '404 Not Found',
      ['Content-Type: text/plain; charset=utf-8', 'X-Content-Type-Options: nosniff'],
      '404 page not found\n',
    ),
    ending: 'stays',
    code: 'badStatus',
    httpStatus: 404,
    says: [/no WebSocket at that path/, /It said: 404 page not found\./],
    saysNot: /Origin/,
  },
  {
    peer: 'aria2 1.36, for a query in the path',
    answer: response('404 Not Found', ['Cache-Control: no-cache'], ''),
    ending: 'stays',
    code: 'badStatus',
    httpStatus: 404,
    says: [/Check the path of the URL/],
  },
  {
    peer: 'Caddy 2.6, which answers 200 to what it takes for another upgrade',
    answer: response('200 OK', ['Server: Caddy'], ''),
    ending: 'stays',
    code: 'badStatus',
    httpStatus: 200,
    says: [/200 in place of 101, so it is no WebSocket/],
  },
  {
    peer: 'python websockets 10.4 and tornado 6.2, for server_max_window_bits=8',
    options: { perMessageDeflate: { serverMaxWindowBits: 8 } },
    answer: response(
      '500 Internal Server Error',
      ['Content-Type: text/plain', 'Connection: close'],
      'Failed to open a WebSocket connection.\nSee server log for more information.\n',
    ),
    ending: 'ends',
    code: 'badStatus',
    httpStatus: 500,
    says: [
      /It said: Failed to open a WebSocket connection\. /,
      /stumble over the offer of server_max_window_bits: leave serverMaxWindowBits out, or let onBadNegotiation: 'retry-without'/,
    ],
    saysNot: /Origin/,
  },
  {
    peer: 'nhooyr 1.8.7, for a window of the server',
    options: { perMessageDeflate: { serverMaxWindowBits: 10 }, extraHeaders: { Origin: 'http://127.0.0.1' } },
    answer: response(
      '400 Bad Request',
      ['Content-Type: text/plain; charset=utf-8'],
      'unexpected permessage-deflate parameter\n',
    ),
    ending: 'stays',
    code: 'badStatus',
    httpStatus: 400,
    says: [/server_max_window_bits/],
    saysNot: /No Origin/,
  },
  {
    peer: 'Autobahn-Python 22.7, for a window of the client',
    options: { perMessageDeflate: { clientMaxWindowBits: 8 } },
    answer: response('400 Bad Request', ['Content-Type: text/plain'], ''),
    ending: 'ends',
    code: 'badStatus',
    httpStatus: 400,
    says: [/stumble over the offer of client_max_window_bits: leave clientMaxWindowBits out/],
  },
  {
    peer: 'a server that fails, without a window in the offer',
    options: { perMessageDeflate: true },
    answer: response('500 Internal Server Error', [], ''),
    ending: 'ends',
    code: 'badStatus',
    httpStatus: 500,
    says: [/Its log has the reason/],
    saysNot: /window/,
  },
  {
    peer: 'http-proxy 1.18.1, which takes the framing out of the body and leaves the field',
    answer: 'HTTP/1.1 403 Forbidden\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\nno entry',
    ending: 'ends',
    code: 'badStatus',
    httpStatus: 403,
    says: [/ It said: no entry\. /],
  },
  {
    peer: 'SockJS 0.3.24, without a length',
    answer: 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nNot a valid websocket request',
    ending: 'ends',
    code: 'badStatus',
    httpStatus: 400,
    says: [/ It said: Not a valid websocket request\. /],
  },
  {
    peer: 'websocket 1.0.35, with its reason in a field of its own',
    answer:
      'HTTP/1.1 426 Upgrade Required\r\nConnection: close\r\nX-WebSocket-Reject-Reason: Unsupported websocket client version: 12Only versions 8 and 13 are supported.\r\nSec-WebSocket-Version: 13\r\n\r\n',
    ending: 'ends',
    code: 'badStatus',
    httpStatus: 426,
    says: [/ It said: Unsupported websocket client version: 12Only versions 8 and 13 are supported\. /],
  },
  {
    peer: 'engine.io 6.6.13, which hangs up a second after an upgrade to an unknown path',
    answer: '',
    ending: 'ends',
    code: 'connectionLost',
    httpStatus: 0,
    says: [/hung up before it had answered\. .*the path of the URL/],
  },
  {
    peer: 'QEMU 7.2, whose 400 to an unknown subprotocol has a head without an end',
    options: { subprotocols: ['chat'] },
    answer: 'HTTP/1.1 400 Bad Request\r\nServer: QEMU VNC\r\nDate: Tue, 01 Dec 2026 02:48:15 GMT\r\n',
    ending: 'ends',
    code: 'connectionLost',
    httpStatus: 400,
    reason: /: the connection was closed, status: 400$/,
    says: [/^The server refused with status 400: /, /hung up before its answer was complete\.$/],
  },
  {
    peer: 'a server that is cut inside of its 101',
    answer: 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n',
    ending: 'ends',
    code: 'connectionLost',
    httpStatus: 101,
    reason: /: the connection was closed, status: 101$/,
    says: [/^The server agreed, and hung up before its answer was complete\./],
  },
  {
    peer: 'a server whose refusal has a line that is none',
    answer: 'HTTP/1.1 503 Service Unavailable\r\nX Y: z\r\n\r\n',
    ending: 'stays',
    code: 'malformedResponse',
    httpStatus: 503,
    says: [
      /^The server answered with status 503, in a way that breaks the rules of HTTP: .*White space in or after a header name\./,
    ],
  },
  {
    peer: 'mosquitto 2.0.11 and libwebsockets 4.1.6, for unknown subprotocols',
    options: { subprotocols: ['chat', 'json'] },
    answer: '',
    ending: 'ends',
    code: 'connectionLost',
    httpStatus: 0,
    reason: /closed \(it may know none of the subprotocols that were offered; it may expect TLS, as in wss:\/\/\)$/,
    says: [
      /^The server hung up before it had answered\. Some servers do so when they know none of the subprotocols that are offered: compare/,
    ],
  },
  {
    peer: 'libwebsockets 4.1.6, for 8 KB of cookies',
    options: { extraHeaders: { Cookie: 'c'.repeat(7000) } },
    answer: '',
    ending: 'resets',
    code: 'connectionLost',
    httpStatus: 0,
    says: [/^The server hung up before it had answered\. It may expect TLS/],
    saysNot: /subprotocol|cccc/,
  },
];

describe('a refusal is told as it was meant, of', () => {
  test.each(refusals)('$peer', async ({ answer, ending, options, code, httpStatus, reason, says, saysNot }) => {
    const server = await answerAndEnd(() => answer, ending);
    const info = await failureOf({ url: server.url, ...options });
    expect(info).toMatchObject({ code, httpStatus });
    if (reason !== undefined) expect(info.reason).toMatch(reason);
    const text = explain(info);
    for (const part of says) expect(text).toMatch(part);
    if (saysNot !== undefined) expect(text).not.toMatch(saysNot);
    expect(text).toMatch(/^[A-Z][^\n]*\.$/);
    expect(text).not.toMatch(/undefined|\.\./);
  });
});

describe('what a server says about its refusal', () => {
  const said = async (fields: readonly string[], body: string, status = '403 Forbidden'): Promise<string> => {
    const server = await answerAndEnd(() => response(status, fields, body), 'stays');
    const options = { url: server.url, extraHeaders: { Origin: 'http://127.0.0.1' } };
    return / It said: (.*?) Check the cred/.exec(explain(await failureOf(options)))?.[1] ?? '';
  };

  test.each([
    ['a line', [], 'no token', 'no token.'],
    ['the first of several lines', ['Content-Type: text/plain'], '\r\n  \r\nno token!\r\nmore', 'no token!'],
    ['JSON', ['Content-Type: application/json'], '{"error":"no token"}', '{"error":"no token"}.'],
    ['the title of a page', ['Content-Type: text/html'], '<html><title>\n No\n token </title><p>x', 'No token.'],
    ['a page without a title', ['Content-Type: text/html'], '<p>no</p>', ''],
    ['no more than the status', ['Content-Type: text/html'], '<html><title>403 Forbidden</title>', ''],
    ['something that drives a terminal', [], 'a\u001b[2J\u009bb', 'a\\u{1b}[2J\\u{9b}b.'],
    ['bytes', [], 'a\0b', ''],
    ['what is no UTF-8', [], '\xff\xfe\xfd', ''],
    ['something compressed', ['Content-Encoding: gzip'], 'x', ''],
    ['too much', [], `${'y'.repeat(300)}\n`, `${'y'.repeat(200)}….`],
  ])('is quoted when it is %s', async (_what, fields, body, expected) => {
    const bytes = Buffer.from(body, body.includes('\xff') ? 'latin1' : 'utf8').toString('latin1');
    expect(await said(fields, bytes)).toBe(expected);
  });

  test('is the reason phrase when the body says nothing', async () => {
    expect(await said([], '', '403 Origin is not welcome')).toBe('Origin is not welcome.');
  });
});
