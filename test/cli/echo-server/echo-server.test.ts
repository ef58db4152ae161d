import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ExitCode } from '../../../src/cli/terminal/exit-codes.ts';
import { startCli, startServer, stopAll } from '../support/fake-environment.ts';
import { freePort, Peer } from '../support/peers.ts';

afterEach(stopAll);

describe('ws echo_server', () => {
  it('sends back what it gets, text as text and binary as binary, and logs it', async () => {
    const server = await startServer(['echo_server']);
    const peer = await new Peer(`${server.url}path?x=1`, { headers: { Cookie: 'session=1' } }).opened();
    const binary = randomBytes(100_000);
    peer.socket.send('grüße');
    peer.socket.send(binary);
    peer.socket.send('');
    expect(await peer.count(3)).toEqual([
      { data: Buffer.from('grüße'), isBinary: false },
      { data: binary, isBinary: true },
      { data: Buffer.alloc(0), isBinary: false },
    ]);
    peer.socket.close(4000, 'bye\n');
    await server.stdout.match(/Closed/);
    server.signal('SIGTERM');
    expect(await server.done).toBe(ExitCode.Done);
    const log = server.stdout.text
      .replaceAll(/^\[2026-01-31 23:59:58\.007\] \[info\] /gm, '')
      .replace(/id(:?) \d+/g, 'id$1 #');
    expect(log).toContain('\nNew connection\nremote ip: 127.0.0.1\nid: #\nUri: /path?x=1\nHeaders:\n');
    expect(log).toContain('\nCookie: (not shown)\n');
    expect(log).toMatch(/\nReceived 13 bytes\nReceived 100014 bytes\nReceived 6 bytes\n/);
    expect(log).toContain('\nClosed connection: client id # code 4000 reason bye\\x0a\n');
    expect(server.stderr.text).toBe('');
  });

  it.each([[[]], [['--json']]])('has no token of a query in its log, with %j', async (options) => {
    const server = startCli(['echo_server', '--port', '0', ...options]);
    const url = await server.stdout.match(/(ws:\/\/[^"\s]+)/);
    const peer = await new Peer(`${url}chat?room=1&access_token=s3cret`).opened();
    peer.socket.close();
    await server.stdout.match(/[Cc]lose/);
    server.signal('SIGTERM');
    await server.done;
    expect(server.stdout.text).toContain('/chat?room=1&access_token=(not shown)');
    expect(server.stdout.text + server.stderr.text).not.toContain('s3cret');
  });

  it('says nothing but where it listens with -q', async () => {
    const server = await startServer(['echo_server', '-q']);
    const peer = await new Peer(server.url).opened();
    peer.socket.send('a');
    await peer.count(1);
    peer.socket.close();
    await peer.closed;
    server.signal('SIGINT');
    expect(await server.done).toBe(ExitCode.Done);
    expect(server.stdout.text).toBe(`Listening on ${server.url}\n`);
    expect(server.stderr.text).toBe('');
    expect(server.listenerCount()).toBe(0);
  });

  it('closes its clients when it is stopped', async () => {
    const server = await startServer(['echo_server', '-q']);
    const peer = await new Peer(server.url).opened();
    server.signal('SIGINT');
    expect(await server.done).toBe(ExitCode.Done);
    expect(await peer.closed).toEqual({ code: 1000, reason: 'Normal closure' });
  });

  it('compresses for a client that can, but not with -x', async () => {
    for (const [options, extensions] of [
      [[], 'permessage-deflate'],
      [['-x'], ''],
    ] as const) {
      const server = await startServer(['echo_server', '-q', ...options]);
      const peer = await new Peer(server.url, { perMessageDeflate: true }).opened();
      expect(peer.socket.extensions).toBe(extensions);
      peer.socket.send('a'.repeat(10_000));
      expect(await peer.texts(1)).toEqual(['a'.repeat(10_000)]);
    }
  });

  it('compresses from the size on that it is told', async () => {
    for (const [threshold, wireBytes] of [
      ['0', 10],
      ['101', 102],
    ] as const) {
      const server = await startServer(['echo_server', '-q', '--deflate-threshold', threshold]);
      const peer = await new Peer(server.url, { perMessageDeflate: true }).opened();
      const socket = Reflect.get(peer.socket, '_socket') as { bytesRead: number };
      const before = socket.bytesRead;
      peer.socket.send('a'.repeat(100));
      await peer.texts(1);
      expect(socket.bytesRead - before).toBeLessThanOrEqual(wireBytes);
      expect(socket.bytesRead - before > 90).toBe(threshold === '101');
    }
  });

  it('greets after it has authorized', async () => {
    const server = await startServer(['echo_server', '-q', '-g', '--http_authorization_header', 'secret']);
    const peer = await new Peer(server.url, { headers: { Authorization: 'secret' } }).opened();
    peer.socket.send('hi');
    expect(await peer.texts(3)).toEqual(['Authorization suceeded!', 'Welcome !', 'hi']);
  });

  it.each([undefined, 'Secret', 'secret2', ''])('turns away who is not authorized: %j', async (authorization) => {
    const server = await startServer(['echo_server', '-q', '-g', '--http_authorization_header', 'secret']);
    const peer = new Peer(server.url, authorization === undefined ? {} : { headers: { Authorization: authorization } });
    peer.socket.on('open', () => peer.socket.send('let me in'));
    expect(await peer.closed).toEqual({ code: 4001, reason: 'Permission denied' });
    expect(peer.received).toEqual([]);
  });

  it('does not answer pings with -p, and does without', async () => {
    for (const [options, pongs] of [
      [[], 1],
      [['-p'], 0],
    ] as const) {
      const server = await startServer(['echo_server', '-q', ...options]);
      const peer = await new Peer(server.url).opened();
      let count = 0;
      peer.socket.on('pong', () => count++);
      peer.socket.ping();
      peer.socket.send('after the ping');
      await peer.count(1);
      expect(count).toBe(pongs);
    }
  });

  it('listens on IPv6 with -6', async () => {
    const server = await startServer(['echo_server', '-q', '-6']);
    expect(server.url).toMatch(/^ws:\/\/\[::1\]:\d+\/$/);
    const peer = await new Peer(server.url).opened();
    peer.socket.send('six');
    expect(await peer.texts(1)).toEqual(['six']);
  });

  it('refuses longer messages than --max-message-size', async () => {
    const server = await startServer(['echo_server', '-q', '--max-message-size', '1K']);
    const peer = await new Peer(server.url).opened();
    peer.socket.send('a'.repeat(1024));
    await peer.count(1);
    peer.socket.send('a'.repeat(1025));
    expect((await peer.closed).code).toBe(1009);
  });

  it('takes larger messages when it is told to', async () => {
    const server = await startServer(['echo_server', '-q', '--max-message-size', '40M']);
    const peer = await new Peer(server.url).opened();
    const large = Buffer.alloc(40 * 1024 * 1024, 'x');
    peer.socket.send(large);
    peer.socket.send(large);
    const received = await peer.count(2);
    expect(received.map(({ data }) => data.equals(large))).toEqual([true, true]);
  });

  it('loses nothing of a client that does not read for a while', async () => {
    const server = await startServer(['echo_server', '-q']);
    const peer = await new Peer(server.url).opened();
    peer.socket.pause();
    const messages = 48;
    for (let i = 0; i < messages; i++) peer.socket.send(Buffer.alloc(1024 * 1024, i));
    // The rest is all in the client: the server has stopped reading.
    let before = -1;
    while (peer.socket.bufferedAmount !== before) {
      before = peer.socket.bufferedAmount;
      for (let turns = 0; turns < 1000; turns++) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(before).toBeGreaterThan(10 * 1024 * 1024);
    peer.socket.resume();
    const received = await peer.count(messages);
    expect(received.map(({ data }) => data[0])).toEqual(Array.from({ length: messages }, (_, index) => index));
    expect(received.every(({ data }) => data.length === 1024 * 1024)).toBe(true);
  });

  it('lets any page connect', async () => {
    const server = await startServer(['echo_server', '-q']);
    await new Peer(server.url, { origin: 'https://example.com' }).opened();
  });

  it('warns when other machines can connect', async () => {
    const server = await startServer(['echo_server', '-q', '--host', '0.0.0.0']);
    expect(server.url).toMatch(/^ws:\/\/0\.0\.0\.0:\d+\/$/);
    expect(server.stderr.text).toBe(
      'ws: warning: 0.0.0.0 can be reached from other machines, and whoever reaches it may connect\n',
    );
    const guarded = await startServer(['echo_server', '-q', '--host', '0.0.0.0', '--http_authorization_header', 'x']);
    expect(guarded.stderr.text).toBe('ws: warning: 0.0.0.0 can be reached from other machines\n');
  });

  it('says why it cannot listen', async () => {
    const cli = startCli(['echo_server', '--host', '192.0.2.1']);
    expect(await cli.done).toBe(ExitCode.Failed);
    expect(cli.stderr.text).toMatch(
      /^ws: echo_server: Cannot listen on .+\n {4}Give --host an address of this machine.*\n$/,
    );
    expect(cli.stdout.text).toBe('');
    expect(cli.listenerCount()).toBe(0);
  });
});

describe('a port that is taken', () => {
  it('is an error', async () => {
    const first = await startServer(['echo_server', '-q']);
    const { port } = new URL(first.url);
    const second = startCli(['echo_server', '--port', port]);
    expect(await second.done).toBe(ExitCode.Failed);
    expect(second.stderr.text).toBe(
      `ws: echo_server: Cannot listen on 127.0.0.1:${port}: Address already in use\n` +
        '    Choose another port with --port; 0 is any free one.\n',
    );
  });

  it('is followed by the next free one with --start, which explains what to do', async () => {
    const blocker = createServer().listen(await freePort(), '127.0.0.1');
    await once(blocker, 'listening');
    const { port } = blocker.address() as { port: number };
    const cli = startCli(['echo_server', '--start', '--port', String(port)]);
    const url = await cli.stdout.match(/Listening on (\S+)/);
    expect(Number(new URL(url).port)).toBeGreaterThan(port);
    await cli.stdout.match(/Ctrl-C/);
    expect(cli.stdout.text).toContain(`  npx ws connect ${url}\n`);
    expect(cli.stdout.text).toContain(`new WebSocket('${url}')`);
    cli.signal('SIGINT');
    expect(await cli.done).toBe(ExitCode.Done);
    blocker.close();
  });
});

describe('--pidfile', () => {
  it('holds the process id while the server runs', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ws-'));
    const path = join(folder, 'pid');
    const server = await startServer(['echo_server', '-q', '--pidfile', path]);
    expect(readFileSync(path, 'utf8')).toBe('4711');
    server.signal('SIGINT');
    expect(await server.done).toBe(ExitCode.Done);
    expect(existsSync(path)).toBe(false);
    rmSync(folder, { recursive: true });
  });

  it('that cannot be written ends the server', async () => {
    const cli = startCli(['echo_server', '--port', '0', '--pidfile', join(tmpdir(), 'no', 'such', 'folder', 'pid')]);
    expect(await cli.done).toBe(ExitCode.Failed);
    expect(cli.stderr.text).toMatch(/^ws: pidfile: \S+: no such file or directory\n/);
    expect(cli.stdout.text).toBe('');
  });
});
