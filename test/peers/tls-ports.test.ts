import type net from 'node:net';
import tls from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { explain } from '../../src/index.ts';
import { createHttpClient } from '../support/http-server.ts';
import { startHttpProxy } from '../support/proxies.ts';
import { listenRaw } from '../support/raw-server.ts';
import { identity, trusting } from '../support/secure.ts';
import { answerAndEnd, type Ending, failureOf } from './meeting.ts';

/** Answers of servers that expect TLS to a request in plain text. */
const tlsServers: readonly [
  peer: string,
  answer: string,
  ending: Ending,
  code: string,
  reason: RegExp,
  errorMsg: RegExp,
][] = [
  [
    'OpenSSL in Node 20 and many others, which hang up',
    '',
    'ends',
    'connectionLost',
    /the connection was closed \(it may expect TLS, as in wss:\/\/\)$/,
    /^Cannot retrieve status line: the server closed the connection \(it may expect TLS, as in https:\/\/\)$/,
  ],
  [
    'the ssl module of Python 3.11, which resets',
    '',
    'resets',
    'connectionLost',
    /\(it may expect TLS, as in wss:\/\/\)$/,
    /\(it may expect TLS, as in https:\/\/\)$/,
  ],
  [
    'GnuTLS, with an alert',
    '\x15\x03\x03\x00\x02\x02\x0a',
    'ends',
    'malformedResponse',
    /The answer is TLS, so the port expects TLS and not plain text \(wss:\/\/ or https:\/\/\)$/,
    /^Cannot parse response code from status line: The answer is TLS, so the port expects TLS/,
  ],
  [
    'nginx 1.22, with a page',
    'HTTP/1.1 400 Bad Request\r\nServer: nginx/1.22.1\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n' +
      '<html>\r\n<head><title>400 The plain HTTP request was sent to HTTPS port</title></head>\r\n</html>\r\n',
    'ends',
    'badStatus',
    /HTTP Status line: HTTP\/1\.1 400 Bad Request \(the port expects TLS, as in wss:\/\/\)$/,
    /^$/,
  ],
  [
    'the net/http of Go, in HTTP/1.0',
    'HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n',
    'ends',
    'badVersion',
    /got HTTP\/1\.0\. .* status: 400, .* \(the port expects TLS, as in wss:\/\/\)$/,
    /^$/,
  ],
];

describe('plain text to a port that expects TLS is told as that, by', () => {
  test.each(tlsServers)('%s', async (_peer, answer, ending, code, reason, errorMsg) => {
    const server = await answerAndEnd(() => answer, ending);
    const info = await failureOf({ url: server.url });
    expect(info).toMatchObject({ code, reason: expect.stringMatching(reason) });
    expect(explain(info)).toMatch(/TLS|HTTPS/);
    const response = await createHttpClient().get(`http://127.0.0.1:${server.port}/`);
    expect(response.errorMsg).toMatch(errorMsg);
    if (answer.startsWith('HTTP')) expect(response).toMatchObject({ errorCode: 'Ok', statusCode: 400 });
    else expect(response.errorCode).not.toBe('Ok');
  });

  test('a server of Node, which was asked in earnest', async () => {
    const server = tls.createServer({ cert: identity.certFile, key: identity.keyFile });
    server.on('tlsClientError', () => undefined);
    onTestFinished(() => void server.close());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as net.AddressInfo;
    const info = await failureOf({ url: `ws://127.0.0.1:${port}/` });
    expect(info.reason).toContain('it may expect TLS, as in wss://');
    const through = await startHttpProxy();
    const options = { url: `ws://127.0.0.1:${port}/`, proxy: `http://127.0.0.1:${through.port}` };
    expect((await failureOf(options)).reason).toContain('it may expect TLS, as in wss://');
  });
});

/** Answers of servers that expect plain text to a TLS handshake. */
const plainServers: readonly [peer: string, answer: string, ending: Ending, hint: string][] = [
  [
    'an HTTP server',
    'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n',
    'ends',
    'the server does not speak TLS there',
  ],
  ['OpenSSH, which speaks first', 'SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n', 'stays', 'the server does not speak TLS there'],
  ['a server that hangs up', '', 'ends', 'the server hung up; it may not speak TLS there'],
  ['a server that resets', '', 'resets', 'the server hung up; it may not speak TLS there'],
];

describe('TLS to a port that expects plain text is told as that, by', () => {
  test.each(plainServers)('%s', async (_peer, answer, ending, hint) => {
    const server = await listenRaw((peer) => {
      peer.socket.once('data', () => {
        if (answer !== '') peer.write(answer);
        if (ending === 'ends') peer.socket.end();
        if (ending === 'resets') peer.socket.resetAndDestroy();
      });
    });
    const info = await failureOf({ url: `wss://127.0.0.1:${server.port}/`, tlsOptions: trusting });
    expect(info).toMatchObject({ code: 'tlsHandshakeFailed', phase: 'tls', reason: expect.stringContaining(hint) });
    expect(explain(info)).toMatch(/may not speak TLS on that port \(try ws:\/\/\)/);
    const response = await createHttpClient({ tlsOptions: trusting }).get(`https://127.0.0.1:${server.port}/`);
    expect(response).toMatchObject({ errorCode: 'CannotConnect', errorMsg: expect.stringContaining(hint) });
  });
});

describe('a response that is cut inside of its head keeps its status', () => {
  test.each([
    ['HTTP/1.1 400 Bad Request\r\nServer: QEMU VNC\r\n', 400, 'HeaderParsingError'],
    ['HTTP/1.1 503', 503, 'CannotReadStatusLine'],
    ['HTTP/1.1 50', 0, 'CannotReadStatusLine'],
    ['HTTP/1.1 200 OK\r\nX Y: z\r\n\r\n', 200, 'HeaderParsingError'],
  ])('%j', async (answer, statusCode, errorCode) => {
    const server = await answerAndEnd(() => answer, 'ends');
    const response = await createHttpClient().get(`http://127.0.0.1:${server.port}/`);
    expect(response).toMatchObject({ errorCode, statusCode });
  });
});
