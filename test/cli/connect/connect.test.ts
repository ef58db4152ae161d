import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { ExitCode } from '../../../src/cli/terminal/exit-codes.ts';
import { startCli, startServer, stopAll } from '../support/fake-environment.ts';
import { freePort, startPeerServer } from '../support/peers.ts';

const servers: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  await stopAll();
  for (const server of servers.splice(0)) await server.stop();
});

interface Seen {
  readonly messages: string[];
  readonly headers: NodeJS.Dict<string | string[]>[];
}

/** A server that notes what it sees; `onConnection` may do more. */
async function startNotingServer(onConnection: (socket: WebSocket, number: number) => void = () => undefined) {
  const seen: Seen = { messages: [], headers: [] };
  const closed: Promise<string>[] = [];
  const server = await startPeerServer((socket, _uri, headers) => {
    seen.headers.push(headers);
    socket.on('message', (data, isBinary) =>
      seen.messages.push(`${isBinary ? 'b' : 't'}:${(data as Buffer).toString()}`),
    );
    closed.push(
      new Promise((resolve) => {
        socket.on('close', (code, reason) => resolve(`${code} ${String(reason)}`));
      }),
    );
    onConnection(socket, seen.headers.length);
  });
  servers.push(server);
  // The client is done a moment before npm ws says so.
  return { url: server.url, seen, closes: () => Promise.all(closed) };
}

describe('ws connect in a pipe', () => {
  it('sends the lines and prints the answers, and nothing else, on stdout', async () => {
    const server = await startServer(['echo_server', '-q']);
    const cli = startCli(['connect', '--count', '4', server.url], { input: 'hello\nzwei ☃\r\n\nlast' });
    expect(await cli.done).toBe(ExitCode.Done);
    expect(cli.stdout.text).toBe('hello\nzwei ☃\n\nlast\n');
    expect(cli.stderr.text).toBe(
      'ws_connect: connected\nws_connect: connection closed: code 1000 reason Normal closure\n',
    );
    expect(cli.listenerCount()).toBe(0);
  });

  it('closes with 1000 when there was silence for long enough', async () => {
    const { url, seen, closes } = await startNotingServer();
    const cli = startCli(['connect', '--wait', '0.05', url], { input: 'a\n' });
    expect(await cli.done).toBe(ExitCode.Done);
    expect(await closes()).toEqual(['1000 Normal closure']);
    expect(seen.messages).toEqual(['t:a']);
  });

  it('waits as long as answers keep coming', async () => {
    const { url } = await startNotingServer((socket) => {
      let count = 0;
      const timer = setInterval(() => {
        socket.send(String(++count));
        if (count === 6) clearInterval(timer);
      }, 60);
    });
    const cli = startCli(['connect', '--wait', '0.5', url], { input: '' });
    expect(await cli.done).toBe(ExitCode.Done);
    expect(cli.stdout.text).toBe('1\n2\n3\n4\n5\n6\n');
  });

  it.each([
    [1000, ExitCode.Done],
    [1001, ExitCode.Done],
    [undefined, ExitCode.Done],
    [1011, ExitCode.Closed],
    [4000, ExitCode.Closed],
  ])('ends when the server closes, and the code %s tells how', async (code, exitCode) => {
    const { url } = await startNotingServer((socket) => {
      socket.on('message', () => {
        socket.send('answer');
        socket.close(code, code === undefined ? undefined : 'done');
      });
    });
    const cli = startCli(['connect', '--wait', '1000', url], { input: 'question\n' });
    expect(await cli.done).toBe(exitCode);
    expect(cli.stdout.text).toBe('answer\n');
    expect(cli.stderr.text).toContain(`ws_connect: connection closed: code ${code ?? 1005} reason `);
  });

  it('fails in its own way when the connection breaks, and explains that', async () => {
    const { url } = await startNotingServer((socket) => socket.on('message', () => socket.terminate()));
    const cli = startCli(['connect', '--wait', '1000', url], { input: 'question\n' });
    expect(await cli.done).toBe(ExitCode.Closed);
    expect(cli.stderr.text).toMatch(/code 1006 reason .*\n {4}The connection broke without a closing handshake\./);
  });

  it('sends more than fits into any buffer, in order', async () => {
    const server = await startServer(['echo_server', '-q']);
    const lines = Array.from({ length: 60_000 }, (_, index) => `${index} ${'x'.repeat(500)}`);
    const cli = startCli(['connect', '--count', '60000', server.url], { input: `${lines.join('\n')}\n` });
    expect(await cli.done).toBe(ExitCode.Done);
    expect(cli.stdout.text === `${lines.join('\n')}\n`).toBe(true);
  });

  it('sends bytes as they are with -b, and prints them as they are', async () => {
    const server = await startServer(['echo_server', '-q']);
    const input = Buffer.from('ff00\x1b\n\u00fe\x80\n', 'latin1');
    const cli = startCli(['connect', '-b', '--count', '2', server.url], { input });
    expect(await cli.done).toBe(ExitCode.Done);
    expect(cli.stdout.bytes).toEqual(input);
  });

  it('refuses a line that is not text, sends the others, and fails', async () => {
    const { url, seen } = await startNotingServer();
    const input = Buffer.from('a\n\u00ff\u00fe\nb\n', 'latin1');
    const cli = startCli(['connect', '--wait', '0', url], { input });
    expect(await cli.done).toBe(ExitCode.Failed);
    expect(seen.messages).toEqual(['t:a', 't:b']);
    expect(cli.stderr.text).toContain(
      'ws: connect: a line cannot be sent (invalidUtf8)\n    Text must be UTF-8; -b sends bytes as they are.\n',
    );
  });

  it('sends headers and subprotocols', async () => {
    const { url, seen } = await startNotingServer();
    const argv = [
      'connect',
      '--wait',
      '0',
      '-H',
      'X-A:  b:c ',
      '-H',
      'Origin:http://o',
      '--subprotocol',
      'chat,soap',
      url,
    ];
    const cli = startCli(argv, { input: '' });
    expect(await cli.done).toBe(ExitCode.Done);
    expect(seen.headers[0]).toMatchObject({
      'x-a': 'b:c',
      origin: 'http://o',
      'sec-websocket-protocol': expect.stringMatching(/^chat, ?soap$/),
    });
    expect(cli.stderr.text).toContain('Subprotocol: chat\n');
  });

  it.each([
    [[], /^permessage-deflate/],
    [['--disable-per-message-deflate'], /^$/],
  ])('offers compression unless it is told not to: %j', async (options, extensions) => {
    const { url, seen } = await startNotingServer();
    const cli = startCli(['connect', '--wait', '0', ...options, url], { input: '' });
    expect(await cli.done).toBe(ExitCode.Done);
    expect(seen.headers[0]?.['sec-websocket-extensions'] ?? '').toMatch(extensions);
  });

  it('unpacks what is compressed with -g, and shows what is not as it is', async () => {
    const { url } = await startNotingServer((socket) => {
      socket.send(gzipSync('packed'));
      socket.send('plain');
      socket.close();
    });
    const cli = startCli(['connect', '-g', url], { input: '' });
    expect(await cli.done).toBe(ExitCode.Done);
    expect(cli.stdout.text).toBe('packed\nplain\n');
    expect(cli.stderr.text).toContain('Error decompressing: ');
  });

  it('obeys commands in the order of the lines', async () => {
    const { url, seen, closes } = await startNotingServer();
    const input = 'a\n/ping data\n/close 4001 bye\n/start\nb\n/unknown\n/stop\n/start\nc\n/quit\nnever\n';
    const cli = startCli(['connect', url], { input });
    expect(await cli.done).toBe(ExitCode.Done);
    expect(seen.messages).toEqual(['t:a', 't:b', 't:/unknown', 't:c']);
    expect(await closes()).toEqual(['4001 bye', '1000 Normal closure', '1000 Normal closure']);
    expect(cli.stdout.text).toBe('');
  });

  it('shows the pong that was asked for', async () => {
    const { url } = await startNotingServer();
    const cli = startCli(['connect', '--wait', '0.5', url], { input: 'a\n/ping data\n' });
    expect(await cli.done).toBe(ExitCode.Done);
    expect(cli.stderr.text).toMatch(/\nReceived pong data \(\d+\.\d+ ms\)\n/);
  });

  it('says what is wrong with a command and goes on', async () => {
    const { url, seen } = await startNotingServer();
    const input = `a\n/close 1005\n/ping ${'x'.repeat(126)}\nb\n`;
    const cli = startCli(['connect', '--wait', '0', url], { input });
    expect(await cli.done).toBe(ExitCode.Done);
    expect(seen.messages).toEqual(['t:a', 't:b']);
    expect(cli.stderr.text).toContain('ws: connect: /close: code: must be ');
    expect(cli.stderr.text).toContain('ws: connect: /ping: not sent (tooBig)\n');
  });

  it('keeps lines while the connection is stopped, and says what it could not send', async () => {
    const { url, seen } = await startNotingServer();
    const cli = startCli(['connect', url], { input: 'a\n/stop\nb\nc\n' });
    expect(await cli.done).toBe(ExitCode.Failed);
    expect(seen.messages).toEqual(['t:a']);
    expect(cli.stderr.text).toContain('ws: connect: the connection was closed before 2 more lines could be sent\n');
  });

  it('connects again for lines that are left', async () => {
    const { url, seen } = await startNotingServer((socket, number) => {
      if (number === 1) socket.close(1001);
    });
    const cli = startCli(['connect', '--wait', '0.1', url]);
    await cli.stderr.match(/connection closed: code 1001/);
    cli.stdin.end('kept\n');
    expect(await cli.done).toBe(ExitCode.Done);
    expect(seen.messages).toEqual(['t:kept']);
  });

  it('escapes control characters when stdout is a terminal', async () => {
    const { url } = await startNotingServer((socket) => {
      socket.send('a\u001b[2Jb\nc');
      socket.send(Buffer.from([0x1b, 0x5b]));
      socket.close(1000, '\u001b[31m');
    });
    const cli = startCli(['connect', url], { input: '', variables: { NO_COLOR: '1' } });
    cli.stdout.isTTY = true;
    expect(await cli.done).toBe(ExitCode.Done);
    expect(cli.stdout.text).toBe(`< a\\x1b[2Jb\n  c\n< 2 bytes\n00000000  1b 5b${' '.repeat(43)}  |.[|\n`);
    expect(cli.stderr.text).toContain('code 1000 reason \\x1b[31m\n');
  });
});

describe('ws connect that cannot connect', () => {
  it('fails at the first attempt when its input is piped', async () => {
    const cli = startCli(['connect', `ws://127.0.0.1:${await freePort()}`]);
    expect(await cli.done).toBe(ExitCode.Failed);
    expect(cli.stderr.text).toMatch(
      /^ws: connect: Unable to connect to 127\.0\.0\.1 on port \d+, error: .*\n {4}Is the server running\? .*\n$/,
    );
    expect(cli.stdout.text).toBe('');
  });

  it('ends with the connection with -d', async () => {
    const { url } = await startNotingServer((socket) => socket.close());
    const cli = startCli(['connect', '-d', url]);
    await cli.stderr.match(/connected/);
    expect(await cli.done).toBe(ExitCode.Done);
  });

  it('is interrupted by Ctrl-C, and terminated by SIGTERM', async () => {
    for (const [signal, code] of [
      ['SIGINT', ExitCode.Interrupted],
      ['SIGTERM', ExitCode.Terminated],
    ] as const) {
      const { url, closes } = await startNotingServer();
      const cli = startCli(['connect', url]);
      await cli.stderr.match(/connected/);
      cli.signal(signal);
      expect(await cli.done).toBe(code);
      expect(await closes()).toEqual(['1000 Normal closure']);
      expect(cli.stdin.destroyed).toBe(true);
    }
  });
});
