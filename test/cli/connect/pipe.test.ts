import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { ExitCode } from '../../../src/cli/terminal/exit-codes.ts';
import { passTime } from '../../support/pass-time.ts';
import { type FakeOptions, type RunningCli, startCli, stopAll } from '../support/fake-environment.ts';
import { Peer, startPeerServer } from '../support/peers.ts';

const servers: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  await stopAll();
  for (const server of servers.splice(0)) await server.stop();
});

interface Server {
  readonly url: string;
  readonly received: string[];
  readonly headers: NodeJS.Dict<string | string[]>[];
}

/** A server that sends back what it gets, unless `onConnection` does something else. */
async function startEcho(onConnection: (socket: WebSocket) => void | Promise<void> = echo): Promise<Server> {
  const received: string[] = [];
  const headers: NodeJS.Dict<string | string[]>[] = [];
  const server = await startPeerServer((socket, _uri, requestHeaders) => {
    headers.push(requestHeaders);
    socket.on('message', (data, isBinary) => received.push(`${isBinary ? 'b' : 't'}:${(data as Buffer).toString()}`));
    void onConnection(socket);
  });
  servers.push(server);
  return { url: server.url, received, headers };
}

function echo(socket: WebSocket): void {
  socket.on('message', (data, isBinary) => socket.send(data as Buffer, { binary: isBinary }));
}

interface Ended extends RunningCli {
  readonly code: ExitCode;
}

async function runConnect(argv: readonly string[], options?: FakeOptions): Promise<Ended> {
  const cli = startCli(['connect', ...argv], options);
  return { ...cli, code: await cli.done };
}

describe('messages on the command line', () => {
  it('are sent in order, and the answers waited for', async () => {
    const { url, received } = await startEcho();
    const { code, stdout } = await runConnect(['-x', 'one', '-x', 'two', '-w', '0.2', url]);
    expect({ code, received, out: stdout.text }).toEqual({
      code: ExitCode.Done,
      received: ['t:one', 't:two'],
      out: 'one\ntwo\n',
    });
  });

  it('leave the input alone, even at a terminal', async () => {
    const { url, received } = await startEcho();
    const { code, stdin, stdout } = await runConnect(['-x', 'one', '-n', '1', url], {
      isTerminal: true,
      variables: { NO_COLOR: '1' },
    });
    expect({ code, received, out: stdout.text }).toEqual({ code: ExitCode.Done, received: ['t:one'], out: '< one\n' });
    expect(stdin.readableFlowing).toBe(null);
  });

  it('may be commands, also to send a file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ws-send-'));
    writeFileSync(join(folder, 'file'), 'content');
    const { url, received } = await startEcho();
    const { code } = await runConnect(['-x', `/send ${join(folder, 'file')}`, '-x', '/quit', url]);
    expect({ code, received }).toEqual({ code: ExitCode.Done, received: ['t:content'] });
    rmSync(folder, { recursive: true });
  });

  it('fail where a file cannot be sent: one that is missing, too large, or without an end', async () => {
    const { url, received } = await startEcho();
    const folder = mkdtempSync(join(tmpdir(), 'ws-connect-'));
    writeFileSync(join(folder, 'large'), 'x'.repeat(1025));
    const args = ['--max-message-size', '1K', '-w', '0.05', '-x'];
    for (const [path, why] of [
      [join(folder, 'none'), `${join(folder, 'none')}: no such file or directory`],
      [join(folder, 'large'), '1025 bytes are more than --max-message-size'],
      ['/dev/zero', process.platform === 'win32' ? 'no such file' : '/dev/zero is no regular file'],
      [folder, 'is no regular file'],
    ] as const) {
      const { code, stderr } = await runConnect([...args, `/send ${path}`, url]);
      expect(code, path).toBe(ExitCode.Failed);
      expect(stderr.text, path).toContain(`ws: connect: /send: ${path === folder ? `${folder} ` : ''}${why}`);
    }
    expect(received).toEqual([]);
    rmSync(folder, { recursive: true });
  });
});

describe('the end of ws connect in a pipe', () => {
  it('comes with as many messages as were wanted, and no more of them are shown', async () => {
    const { url } = await startEcho((socket) => {
      for (const text of ['1', '2', '3', '4']) socket.send(text);
    });
    const { code, stdout } = await runConnect(['-n', '2', url], { input: '' });
    expect({ code, out: stdout.text }).toEqual({ code: ExitCode.Done, out: '1\n2\n' });
  });

  it('is a failure with fewer, by silence or by the other side', async () => {
    const { url } = await startEcho((socket) => socket.send('1'));
    const silent = await runConnect(['-n', '2', '-w', '0.1', url], { input: '' });
    expect(silent.code).toBe(ExitCode.Failed);
    expect(silent.stderr.text).toContain('ws: connect: got 1 of 2 messages\n');
    const closing = await startEcho((socket) => socket.close());
    const closed = await runConnect(['-n', '1', closing.url], { input: '' });
    expect(closed.code).toBe(ExitCode.Failed);
  });

  it('is up to the other side with --wait -1', async () => {
    const { url } = await startEcho(async (socket) => {
      await passTime(50);
      socket.send('late');
      socket.close();
    });
    const { code, stdout } = await runConnect(['--wait', '-1', url], { input: '' });
    expect({ code, out: stdout.text }).toEqual({ code: ExitCode.Done, out: 'late\n' });
  });
});

describe('piped lines', () => {
  it('cannot have files sent, and only whole commands are obeyed', async () => {
    const { url, received } = await startEcho();
    await runConnect(['-w', '0.1', url], { input: '/send /etc/hostname\n/close now\n/quit please\n/stats\n' });
    expect(received).toEqual(['t:/send /etc/hostname', 't:/close now', 't:/quit please']);
  });

  it('are all messages with --literal', async () => {
    const { url, received } = await startEcho();
    await runConnect(['--literal', '-w', '0.1', url], { input: '/quit\n/ping\n' });
    expect(received).toEqual(['t:/quit', 't:/ping']);
  });
});

describe('binary messages in a pipe', () => {
  it.each<[options: string[], out: Buffer]>([
    [[], Buffer.from([0xff, 0x00, 0x0a, 0x61, 0x0a])],
    [['--binary-output', 'raw'], Buffer.from([0xff, 0x00, 0x61])],
    [['--binary-output', 'hex'], Buffer.from('ff00\n61\n')],
    [['--binary-output', 'base64'], Buffer.from('/wA=\nYQ==\n')],
  ])('come out with %j', async (options, out) => {
    const { url } = await startEcho((socket) => {
      socket.send(Buffer.from([0xff, 0x00]));
      socket.send(Buffer.from('a'));
    });
    const { stdout } = await runConnect([...options, '-n', '2', url], { input: '' });
    expect(stdout.bytes).toEqual(out);
  });
});

describe('a long message in a pipe', () => {
  it('comes out whole', async () => {
    const text = '\u001b☃'.repeat(100_000);
    const { url } = await startEcho((socket) => socket.send(text));
    const { stdout } = await runConnect(['-n', '1', url], { input: '' });
    expect(stdout.text === `${text}\n`).toBe(true);
  });

  it.each<[options: string[], expected: (bytes: Buffer) => string]>([
    [['--binary-output', 'hex'], (bytes) => `${bytes.toString('hex')}\n`],
    [['--binary-output', 'base64'], (bytes) => `${bytes.toString('base64')}\n`],
  ])('comes out whole with %j', async (options, expected) => {
    const bytes = Buffer.from(Array.from({ length: 2_000_000 }, (_, index) => index % 251));
    const { url } = await startEcho((socket) => socket.send(bytes));
    const { stdout } = await runConnect([...options, '-n', '1', url], { input: '' });
    expect(stdout.text === expected(bytes)).toBe(true);
  });
});

describe('ws connect --json', () => {
  it('shows every event as an object on a line, which drives no terminal', async () => {
    const { url } = await startEcho((socket) => {
      socket.send('a\u001b[2J\u009b\n');
      socket.send(Buffer.from([255]));
      socket.close(4000, 'bye');
    });
    const { code, stdout } = await runConnect(['--json', '-w', '5', url], { input: '' });
    expect(code).toBe(ExitCode.Closed);
    expect(stdout.text).toMatch(/^[\x20-\x7e\n]*$/);
    const events = stdout.text
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    const time = new Date(2026, 0, 31, 23, 59, 58, 7).toISOString();
    expect(events).toEqual([
      { time, event: 'open', uri: '/', protocol: '', headers: expect.arrayContaining([['Upgrade', 'websocket']]) },
      { time, event: 'message', binary: false, data: 'a\u001b[2J\u009b\n' },
      { time, event: 'message', binary: true, data: '/w==' },
      { time, event: 'close', code: 4000, reason: 'bye', remote: true, explanation: expect.any(String) },
    ]);
  });

  it('has errors in both places', async () => {
    const { code, stdout, stderr } = await runConnect(['--json', 'ws://127.0.0.1:1/'], { input: '' });
    expect(code).toBe(ExitCode.Failed);
    expect(JSON.parse(stdout.text)).toMatchObject({ event: 'error', code: 'connectionRefused', httpStatus: 0 });
    expect(stderr.text).toContain('ws: connect: Unable to connect');
  });
});

describe('ws connect -v', () => {
  it.each([
    [[]],
    [
      [
        '--disable-per-message-deflate',
        '--subprotocol',
        'a',
        '--subprotocol',
        'b',
        '-H',
        'X-A: b',
        '-H',
        'User-Agent: me',
      ],
    ],
  ])('shows the request that was sent, and the answer: %j', async (options) => {
    const { url, headers } = await startEcho((socket) => socket.close());
    const { stderr } = await runConnect(['-v', ...options, url], { input: '' });
    const shown =
      /^Request to ws:\S+:\n {2}GET \/ HTTP\/1\.1\n([^]*)Response:\n {2}HTTP\/1\.1 101 Switching Protocols\n/m;
    const request = (shown.exec(stderr.text)?.[1] ?? '').trimEnd().split('\n');
    const fields = request.map((line) => line.trim().split(/: (.*)/s, 2) as [string, string]);
    expect(Object.fromEntries(fields.map(([name, value]) => [name.toLowerCase(), value]))).toEqual(headers[0]);
    expect(stderr.text).toMatch(/\n {2}sec-websocket-accept: \S+\n/i);
  });

  it('shows redirects', async () => {
    const echo = await startEcho((socket) => socket.close());
    const server = createServer();
    server.on('upgrade', (_request, socket) => {
      socket.end(`HTTP/1.1 302 Found\r\nLocation: ${echo.url}/next\r\n\r\n`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    servers.push({ stop: () => new Promise((resolve) => server.close(() => resolve())) });
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const { stderr } = await runConnect(['-v', url], { input: '' });
    const heads = stderr.text.split('\n').filter((line) => /^Request|^Response|HTTP\/1/.test(line));
    expect(heads).toEqual([
      `Request to ${url}:`,
      '  GET / HTTP/1.1',
      'Response:',
      '  HTTP/1.1 302 Found',
      `Request to ${echo.url}/next:`,
      '  GET /next HTTP/1.1',
      'Response:',
      '  HTTP/1.1 101 Switching Protocols',
    ]);
    const json = await runConnect(['-v', '--json', url], { input: '' });
    const open = JSON.parse(json.stdout.text.split('\n').find((line) => line.includes('"open"')) ?? '{}');
    expect(open).toMatchObject({
      request: { target: '/next' },
      response: { status: 101, statusText: 'Switching Protocols' },
      earlier: [{ url, request: { target: '/' }, response: { status: 302 } }],
    });
  });

  it('shows every frame', async () => {
    const { url } = await startEcho((socket) => {
      socket.ping('p');
      socket.on('message', (data) => {
        socket.send(data as Buffer, { binary: true });
        socket.close(4001, 'that is all\u001b[2J');
      });
    });
    const { stderr } = await runConnect(['-v', '-d', '-x', '\u001b[31m', url]);
    const shown = stderr.text.split('\n').filter((line) => line.startsWith('frame '));
    // Which of both sides is the first to say something is a matter of chance.
    expect(shown.slice(0, 3).toSorted()).toEqual([
      'frame < ping, fin, 1 byte: "p"',
      'frame > pong, fin, masked, 1 byte: "p"',
      'frame > text, fin, masked, 5 bytes: "\\x1b[31m"',
    ]);
    expect(shown.slice(3)).toEqual([
      'frame < binary, fin, 5 bytes: 1b 5b 33 31 6d',
      'frame < close, fin, 17 bytes: code 4001 "that is all\\x1b[2J"',
      'frame > close, fin, masked, 17 bytes: code 4001 "that is all\\x1b[2J"',
    ]);
    const json = await runConnect(['-v', '--json', '-d', '-x', 'a', url]);
    const frames = json.stdout.text.split('\n').filter((line) => line.includes('"event":"frame"'));
    expect(frames.map((line) => JSON.parse(line))).toContainEqual({
      time: '2026-01-31T23:59:58.007Z',
      event: 'frame',
      incoming: true,
      opcode: 'close',
      fin: true,
      compressed: false,
      masked: false,
      length: 17,
      wireSize: 19,
      code: 4001,
      reason: 'that is all\u001b[2J',
    });
  });

  it('shows no secrets', async () => {
    const { url, headers } = await startEcho((socket) => socket.close());
    const target = url.replace('ws://', 'ws://user:hunter2@');
    const { stderr } = await runConnect(['-v', '-H', 'Cookie: hunter2', target], { input: '' });
    expect(headers[0]?.authorization).toBe(`Basic ${Buffer.from('user:hunter2').toString('base64')}`);
    expect(stderr.text).toContain('  Authorization: (not shown)\n');
    expect(stderr.text).toContain('  Cookie: (not shown)\n');
    expect(stderr.text).not.toMatch(/hunter2|aHVudGVy/);
  });

  it('shows the answer of a server that refuses', async () => {
    const server = createServer((_request, response) => {
      response.writeHead(403, { 'X-Why': 'because' }).end('go away\u001b[2J\nnow');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    servers.push({ stop: () => new Promise((resolve) => server.close(() => resolve())) });
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const { code, stderr } = await runConnect(['-v', url], { input: 'a\n' });
    expect(code).toBe(ExitCode.Failed);
    expect(stderr.text).toMatch(/^Request to ws:\S+:\n {2}GET \/ HTTP\/1\.1\n {2}Host: /);
    expect(stderr.text).toMatch(/\nResponse:\n {2}HTTP\/1\.1 403 Forbidden\n {2}X-Why: because\n/i);
    expect(stderr.text).toContain('\n  go away\\x1b[2J\n  now\nws: connect: ');
  });
});

describe('what ws connect says', () => {
  it('is about what went wrong only, with -q', async () => {
    const { url } = await startEcho((socket) => socket.close(4000));
    const { code, stderr } = await runConnect(['-q', url], { input: '' });
    expect({ code, err: stderr.text }).toEqual({ code: ExitCode.Closed, err: '' });
  });

  it('has times with -t, and colours where it is told', async () => {
    const { url } = await startEcho();
    const { stdout, stderr } = await runConnect(['-t', '--color', 'always', '-x', 'a', '-n', '1', url]);
    expect(stdout.text).toBe('23:59:58.007 a\n');
    expect(stderr.text).toContain('\u001b[2m23:59:58.007 ws_connect: connected\u001b[22m\n');
  });

  it('includes the user it logs in', async () => {
    const { url, headers } = await startEcho((socket) => socket.close());
    await runConnect(['-u', 'alice', url], { input: '', variables: { WS_PASSWORD: 'pass' } });
    expect(headers[0]?.authorization).toBe(`Basic ${Buffer.from('alice:pass').toString('base64')}`);
  });

  it('tells who does not answer in time', async () => {
    const server = createServer();
    server.on('upgrade', (_request, socket) => {
      servers.push({
        stop: () => {
          socket.destroy();
          return new Promise((resolve) => server.close(() => resolve()));
        },
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const { code, stderr } = await runConnect(['--timeout', '0.1', url], { input: '' });
    expect(code).toBe(ExitCode.Failed);
    expect(stderr.text).toContain('The server was reached, and did not answer the request');
  });
});

describe('ws connect --listen', () => {
  const listen = async (argv: readonly string[], options?: FakeOptions): Promise<RunningCli & { url: string }> => {
    const cli = startCli(['connect', '--listen', '0', ...argv], options);
    return { ...cli, url: await cli.stderr.match(/^Listening on (\S+)\n/) };
  };

  it('is the other side of a client', async () => {
    const cli = await listen(['-w', '0.1', '--subprotocol', 'chat']);
    const peer = new Peer(cli.url);
    await peer.opened();
    cli.stdin.write('from the server\n');
    expect(await peer.texts(1)).toEqual(['from the server']);
    peer.socket.send('from the client');
    await cli.stdout.match(/from the client\n/);
    peer.socket.close();
    await cli.stderr.match(/connection closed/);
    const next = await new Peer(cli.url).opened();
    cli.stdin.end('again\n');
    expect(await next.texts(1)).toEqual(['again']);
    expect(await cli.done).toBe(ExitCode.Done);
    expect(await next.closed).toEqual({ code: 1000, reason: 'Normal closure' });
  });

  it('shows the request with -v', async () => {
    const cli = await listen(['-v', '-d']);
    const peer = await new Peer(`${cli.url}path?a=b`).opened();
    peer.socket.close();
    expect(await cli.done).toBe(ExitCode.Done);
    expect(cli.stderr.text).toMatch(/\nRequest:\n {2}GET \/path\?a=b HTTP\/1\.1\n {2}Sec-WebSocket-Version: 13\n/i);
  });

  it('keeps lines until somebody comes, and talks to one at a time', async () => {
    const cli = await listen(['-w', '0.2'], { input: 'kept\n' });
    const first = await new Peer(cli.url).opened();
    const second = new Peer(cli.url);
    expect(await second.closed).toEqual({ code: 1013, reason: 'Talking to somebody else' });
    expect(await first.texts(1)).toEqual(['kept']);
    expect(await cli.done).toBe(ExitCode.Done);
  });

  it('ends with 130 while nobody has come, and listens no more', async () => {
    const cli = await listen([]);
    cli.signal('SIGINT');
    expect(await cli.done).toBe(ExitCode.Interrupted);
    const error = await new Promise((resolve) => {
      connectTcp(Number(new URL(cli.url).port), '127.0.0.1').on('error', resolve);
    });
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('fails where somebody else listens', async () => {
    const { url } = await startEcho();
    const { code, stderr } = await runConnect(['--listen', new URL(url).port], { input: '' });
    expect(code).toBe(ExitCode.Failed);
    expect(stderr.text).toContain('Choose another port with --listen; 0 is any free one.\n');
  });
});
