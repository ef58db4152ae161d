import { describe, expect, test } from 'vitest';
import { explain, type WebSocketErrorInfo } from '../../src/index.ts';
import { startSocksProxy } from '../support/proxies.ts';
import { answerAndEnd, type Ending, failureOf } from './meeting.ts';

const BEHIND = 'ws://server.behind.test/';

/** An answer to CONNECT of something that was taken for an HTTP proxy. */
interface ConnectAnswer {
  readonly peer: string;
  readonly answer: string;
  readonly ending?: Ending;
  readonly code?: string;
  readonly httpStatus: number;
  readonly reason: string;
  readonly says: RegExp;
}

const NO_PROXY = /^What listens at http:\/\/127\.0\.0\.1:\d+ answered \d{3} to CONNECT, so it may be no forward proxy/;

const tinyproxyPage = (title: string, text: string): string =>
  `HTTP/1.1 ${title}\r\nServer: tinyproxy/1.11.1\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n` +
  `<?xml version="1.0" encoding="UTF-8" ?>\n<html>\n<head><title>${title}</title></head>\n<body><p>${text}</p></body>\n</html>\n`;

const answers: readonly ConnectAnswer[] = [
  {
    peer: 'tinyproxy 1.11.1, when nothing listens there or the name is unknown',
    answer: tinyproxyPage('500 Unable to connect', 'Tinyproxy was unable to connect to the remote web server.'),
    ending: 'ends',
    httpStatus: 500,
    reason: 'it answered 500 Internal Server Error',
    says: /^The proxy http:\S+ failed, or could not reach the server: tinyproxy answers 500 when the name/,
  },
  {
    peer: 'tinyproxy 1.11.1, for a port that it does not allow',
    answer: tinyproxyPage('403 Access violation', 'The CONNECT method not allowed with the port you tried to use.'),
    ending: 'ends',
    httpStatus: 403,
    reason: 'it answered 403 Forbidden',
    says: /does not allow connections to this server or port/,
  },
  {
    peer: 'nginx 1.22, which is no forward proxy',
    answer: 'HTTP/1.1 400 Bad Request\r\nServer: nginx/1.22.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
    ending: 'ends',
    httpStatus: 400,
    reason: 'it answered 400 Bad Request',
    says: NO_PROXY,
  },
  {
    peer: 'websocketd 0.4.1 and aria2 1.36, which are no proxies',
    answer: 'HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 19\r\n\r\n404 page not found\n',
    httpStatus: 404,
    reason: 'it answered 404 Not Found',
    says: NO_PROXY,
  },
  {
    peer: 'Apache 2.4 without mod_proxy_connect',
    answer: 'HTTP/1.1 405 Method Not Allowed\r\nAllow: GET,POST,OPTIONS,HEAD\r\nContent-Length: 0\r\n\r\n',
    httpStatus: 405,
    reason: 'it answered 405 Method Not Allowed',
    says: NO_PROXY,
  },
  {
    peer: 'a WebSocket server that takes nothing else',
    answer: 'HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n',
    httpStatus: 426,
    reason: 'it answered 426 Upgrade Required',
    says: NO_PROXY,
  },
  {
    peer: 'the http.server of Python 3.11, which is no proxy',
    answer:
      "HTTP/1.0 501 Unsupported method ('CONNECT')\r\nServer: SimpleHTTP/0.6 Python/3.11.2\r\nConnection: close\r\n\r\n",
    ending: 'ends',
    httpStatus: 501,
    reason: 'it answered 501 Not Implemented',
    says: NO_PROXY,
  },
  {
    peer: 'the npm package proxy 2.2.0, for an unknown name',
    answer: 'HTTP/1.1 404 Not Found\r\nDate: Tue, 01 Dec 2026 03:40:03 GMT\r\nConnection: close\r\n\r\n',
    ending: 'ends',
    httpStatus: 404,
    reason: 'it answered 404 Not Found',
    says: /if it is one, whether the name of the server is known there\.$/,
  },
  {
    peer: 'the npm package proxy 2.2.0, for a server that refuses',
    answer: 'HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\n\r\n',
    ending: 'ends',
    httpStatus: 500,
    reason: 'it answered 500 Internal Server Error',
    says: /failed, or could not reach the server/,
  },
  {
    peer: 'proxy-chain 2.7.1, which hangs up when the server refuses',
    answer: '',
    ending: 'ends',
    code: 'proxyFailed',
    httpStatus: 0,
    reason: 'it hung up',
    says: /hung up without an answer\. Some do so when they cannot reach the server/,
  },
  {
    peer: 'a proxy that is cut inside of its answer',
    answer: 'HTTP/1.1 502 Bad Gateway\r\nServer: x\r\n',
    ending: 'ends',
    code: 'proxyFailed',
    httpStatus: 502,
    reason: 'it hung up inside of its answer, which began with 502 Bad Gateway',
    says: /could not reach the server\..* It hung up before its answer was complete\.$/,
  },
  {
    peer: 'a proxy that is cut inside of its agreement',
    answer: 'HTTP/1.1 200 Connection established\r\n',
    ending: 'ends',
    code: 'proxyFailed',
    httpStatus: 200,
    reason: 'it hung up inside of its answer, which began with 200 OK',
    says: /^The proxy http:\S+ agreed, and hung up before its answer was complete\./,
  },
  {
    peer: 'a server that speaks TLS',
    answer: '\x15\x03\x01\x00\x02\x02\x46',
    ending: 'ends',
    code: 'proxyFailed',
    httpStatus: 0,
    reason:
      'its answer is not HTTP: The answer is TLS, so the port expects TLS and not plain text (wss:// or https://)',
    says: /^The proxy http:\S+ did not answer as one/,
  },
];

describe('an answer to CONNECT is told as it was meant, of', () => {
  test.each(answers)('$peer', async ({ answer, ending = 'stays', code = 'proxyRefused', httpStatus, reason, says }) => {
    const proxy = await answerAndEnd(() => answer, ending);
    const url = `http://127.0.0.1:${proxy.port}`;
    const info = await failureOf({ url: BEHIND, proxy: url });
    expect(info).toMatchObject({ code, httpStatus, phase: 'proxy' });
    expect(info.reason).toBe(
      `Unable to connect to server.behind.test on port 80 through the proxy ${url}, error: ${reason}`,
    );
    expect(explain(info)).toMatch(says);
  });
});

/** The replies of SOCKS proxies (RFC 1928 section 6, and SOCKS4). */
const replies: readonly [version: 'socks5' | 'socks4a', reply: number, reason: string, says: RegExp][] = [
  ['socks5', 1, 'it failed for a reason that it does not give', /does not give\. It may not reach/],
  ['socks5', 2, 'it does not allow this server or port', /does not allow connections to this server or port/],
  ['socks5', 3, 'it has no route to the network of the server', /no route to the network of the server/],
  ['socks5', 4, 'it cannot reach the server', /cannot reach the machine of the server/],
  [
    'socks5',
    5,
    'the server refused the connection of the proxy',
    /^The proxy socks5:\S+ works, and the server refused its connection: nothing listens on that port\./,
  ],
  ['socks5', 6, 'its way to the server is too long', /on its way for too long/],
  ['socks5', 7, 'it makes no connections for its clients', /does not make connections/],
  ['socks5', 8, 'it does not know this kind of address', /by its name or by an IPv4 address/],
  ['socks5', 9, 'it rejected the request', /refused the connection: it rejected the request/],
  ['socks4a', 91, 'it rejected the request, or failed', /SOCKS4 does not tell these apart/],
  ['socks4a', 92, 'it asks for an identd that it cannot reach', /asks the identd of this machine/],
  ['socks4a', 93, 'it was told another user by identd', /was told another user/],
];

describe('the reply of a SOCKS proxy is told in its own words', () => {
  test.each(replies)('by %s: %i', async (version, reply, reason, says) => {
    const proxy = await startSocksProxy({ reply });
    const info: WebSocketErrorInfo = await failureOf({ url: BEHIND, proxy: `${version}://127.0.0.1:${proxy.port}` });
    expect(info).toMatchObject({ code: 'proxyRefused', httpStatus: 0, reason: expect.stringMatching(`${reason}$`) });
    expect(explain(info)).toMatch(says);
    expect(explain(info)).not.toMatch(/undefined|\.\./);
  });
});
