import { describe, expect, test } from 'vitest';
import { connectRaw, RFC_KEY } from '../support/raw-peer.ts';
import { switchingProtocols } from '../support/raw-server.ts';
import { createClient, startServer } from '../support/running.ts';
import { answerAndEnd } from './meeting.ts';

/** The lines of a 101, `$` standing for the accept value. */
const agreements: readonly [peer: string, head: string][] = [
  [
    'mosquitto 2.0.11 and libwebsockets 4.1.6',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: $\r\n\r\n',
  ],
  [
    'nhooyr 1.8.7, without a Date',
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nSec-Websocket-Accept: $\r\nUpgrade: websocket\r\n\r\n',
  ],
  [
    'InspIRCd 3.15 and others without white space behind colons',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade:websocket\r\nConnection:Upgrade\r\nSec-WebSocket-Accept:$\r\n\r\n',
  ],
  [
    'a server with tabs and more white space',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade:\twebsocket \r\nConnection:  keep-alive,\tUpgrade\r\nSec-WebSocket-Accept: \t$\t\r\n\r\n',
  ],
  [
    'a server with two Connection lines',
    'HTTP/1.1 101 Switching Protocols\r\nConnection: keep-alive\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: $\r\n\r\n',
  ],
  [
    'QEMU 7.2, which has other names for the phrase and the case',
    'HTTP/1.1 101 Switching Protocols\r\nServer: QEMU VNC\r\nDate: Tue, 01 Dec 2026 02:48:15 GMT\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: $\r\nSec-WebSocket-Protocol: binary\r\n\r\n',
  ],
  [
    'ws4py 0.5.1 on wsgiref, with a length of 0',
    'HTTP/1.1 101 Switching Protocols\r\nDate: Tue, 01 Dec 2026 03:24:30 GMT\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Accept: $\r\nContent-Length: 0\r\n\r\n',
  ],
  [
    'aiohttp 3.8.4, with the type of a body',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: $\r\nContent-Type: application/octet-stream\r\nServer: Python/3.11 aiohttp/3.8.4\r\n\r\n',
  ],
  [
    'a server without a phrase',
    'HTTP/1.1 101\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: $\r\n\r\n',
  ],
];

describe('the answer is taken of', () => {
  test.each(agreements)('%s', async (_peer, head) => {
    const accept = /Accept: (.*)\r/;
    const server = await answerAndEnd(
      (request) => head.replace('$', accept.exec(switchingProtocols(request))?.[1] ?? ''),
      'stays',
    );
    const { client } = createClient({ url: server.url, subprotocols: ['binary'] });
    expect(await client.connect()).toMatchObject({ success: true });
  });
});

describe('our request is one that is understood everywhere:', () => {
  const request = async (): Promise<string> => {
    const server = await answerAndEnd((head) => switchingProtocols(head), 'stays');
    const { client } = createClient({ url: server.url, perMessageDeflate: true });
    await client.connect();
    return server.peers[0]?.text ?? '';
  };

  test('Upgrade in lower case, since some servers compare it as it stands', async () => {
    expect(await request()).toContain('\r\nUpgrade: websocket\r\n');
  });

  test('one Connection line with one value, since websocketd 0.4.1 reads one and IXWebSocket compares it whole', async () => {
    expect((await request()).match(/^connection:.*$/gim)).toEqual(['Connection: Upgrade']);
  });

  test('no Content-Length, since deno 2.9.6 refuses it', async () => {
    expect(await request()).not.toMatch(/^content-length:/im);
  });

  test('a space behind each colon and no tab, since nodejs-websocket 1.7.2 and libwebsockets 4.1.6 want that', async () => {
    const lines = (await request()).split('\r\n').slice(1, -2);
    expect(lines.length).toBeGreaterThan(5);
    for (const line of lines) expect(line).toMatch(/^[\w-]+: [^\t]+$/);
  });

  test('no quoted value and no window of the server in the offer, since wsproto 1.2.0 and tornado 6.2 fail at those', async () => {
    const offer = /^Sec-WebSocket-Extensions: (.*)\r$/m.exec(await request())?.[1];
    expect(offer).toMatch(/^permessage-deflate/);
    expect(offer).not.toMatch(/"|server_max_window_bits/);
  });
});

/** Requests of clients and of the proxies before them, and the status that our server answers. */
const requests: readonly [peer: string, lines: readonly string[], status: number][] = [
  ['Firefox, with two values', ['Upgrade: websocket', 'Connection: keep-alive, Upgrade'], 101],
  ['a client with two Connection lines', ['Upgrade: websocket', 'Connection: keep-alive', 'Connection: Upgrade'], 101],
  ['a client without white space behind colons', ['Upgrade:websocket', 'Connection:Upgrade'], 101],
  ['a client with tabs', ['Upgrade:\twebsocket\t', 'Connection:\tUpgrade'], 101],
  ['Qt and others in another case', ['Upgrade: WebSocket', 'Connection: upgrade'], 101],
  ['undici and others with Content-Length: 0', ['Upgrade: websocket', 'Connection: Upgrade', 'Content-Length: 0'], 101],
  ['a client with a list of upgrades', ['Upgrade: h2c, websocket', 'Connection: Upgrade'], 101],
  [
    'a client with 8 KB of cookies on two lines',
    ['Upgrade: websocket', 'Connection: Upgrade', `Cookie: a=${'x'.repeat(4000)}`, `Cookie: b=${'y'.repeat(4000)}`],
    101,
  ],
  [
    'tcllib 1.21, with Connection: close before, and an empty list of subprotocols',
    [
      'Connection: close',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Protocol: ',
      'Accept: */*',
      'Accept-Encoding: gzip,deflate,compress',
    ],
    101,
  ],
  ['a client with Origin: null', ['Upgrade: websocket', 'Connection: Upgrade', 'Origin: null'], 403],
  ['a client whose Origin is no URL', ['Upgrade: websocket', 'Connection: Upgrade', 'Origin: nonsense'], 403],
];

describe('our server answers', () => {
  test.each(requests)('%s', async (_peer, lines, status) => {
    const { port } = await startServer();
    const fixed = ['Host: 127.0.0.1', 'Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${RFC_KEY}`];
    const send = ['GET /?a=1 HTTP/1.1', ...fixed, ...lines, '', ''].join('\r\n');
    const head = await (await connectRaw(port, { send })).head();
    expect(head.slice(0, 12)).toBe(`HTTP/1.1 ${status}`);
  });

  test('version 12, which lighttpd 1.4.69 and faye-websocket 0.11 take, with the version that it speaks', async () => {
    const { port } = await startServer();
    const send = `GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 12\r\nSec-WebSocket-Key: ${RFC_KEY}\r\n\r\n`;
    const head = await (await connectRaw(port, { send })).head();
    expect(head).toMatch(/^HTTP\/1\.1 426 /);
    expect(head).toMatch(/\r\nSec-WebSocket-Version: 13\r\n/);
  });
});
