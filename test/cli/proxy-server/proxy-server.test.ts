import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import type { WebSocket } from 'ws';
import { forwardedHeaders } from '../../../src/cli/proxy-server/headers.ts';
import { ExitCode } from '../../../src/cli/terminal/exit-codes.ts';
import { WebSocketHttpHeaders } from '../../../src/index.ts';
import { startCli, startServer, stopAll } from '../support/fake-environment.ts';
import { Peer, startPeerServer } from '../support/peers.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

afterEach(stopAll);

interface Upstream {
  readonly url: string;
  /** The newest connection: its socket, and what the request said. */
  readonly latest: { socket: WebSocket | undefined; uri: string; headers: NodeJS.Dict<string | string[]> };
}

/** The server behind, which echoes. */
async function startUpstream(onSocket: (socket: WebSocket) => void = () => undefined): Promise<Upstream> {
  const latest: Upstream['latest'] = { socket: undefined, uri: '', headers: {} };
  const server = await startPeerServer((socket, uri, headers) => {
    Object.assign(latest, { socket, uri, headers });
    socket.on('message', (data: Buffer, binary) => socket.send(data, { binary }));
    onSocket(socket);
  });
  onTestFinished(() => server.stop());
  return { url: server.url, latest };
}

describe('ws proxy_server', () => {
  it('passes messages on in both directions, with the path and the headers of the request', async () => {
    const upstream = await startUpstream();
    const proxy = await startServer(['proxy_server', '--remote_host', `${upstream.url}/base`]);
    const headers = { Cookie: 'a=1', 'X-Custom': 'x', 'User-Agent': 'me' };
    const peer = await new Peer(`${proxy.url}path?q=1`, {
      headers: { ...headers, 'X-Forwarded-For': '192.0.2.1' },
    }).opened();
    peer.socket.send('grüße');
    peer.socket.send(Buffer.from([1, 2]));
    expect(await peer.count(2)).toEqual([
      { data: Buffer.from('grüße'), isBinary: false },
      { data: Buffer.from([1, 2]), isBinary: true },
    ]);
    expect(upstream.latest.uri).toBe('/base/path?q=1');
    expect(upstream.latest.headers).toMatchObject({
      host: new URL(upstream.url).host,
      cookie: 'a=1',
      'x-custom': 'x',
      'user-agent': 'me',
      'x-forwarded-for': '192.0.2.1, 127.0.0.1',
      'x-forwarded-host': new URL(proxy.url).host,
      'x-forwarded-proto': 'ws',
      connection: 'Upgrade',
    });
    expect(proxy.stdout.text).toContain(`on to ${upstream.url}/base/path?q=1\n`);
    expect(proxy.stdout.text).toContain('Cookie: (not shown)\n');
  });

  it('keeps back what is about one connection', () => {
    const headers = WebSocketHttpHeaders.from([
      ['Host', 'a'],
      ['connection', 'Upgrade, x-hop'],
      ['Upgrade', 'websocket'],
      ['X-Hop', 'no'],
      ['Proxy-Authorization', 'secret'],
      ['Sec-WebSocket-Key', 'key'],
      ['X-Forwarded-Proto', 'gopher'],
      ['Accept-Encoding', 'gzip'],
      ['Cookie', 'yes'],
    ]);
    expect(forwardedHeaders({ headers, remoteIp: '192.0.2.1', host: 'a' }, true)).toEqual([
      ['Cookie', 'yes'],
      ['X-Forwarded-For', '192.0.2.1'],
      ['X-Forwarded-Host', 'a'],
      ['X-Forwarded-Proto', 'wss'],
    ]);
  });

  it.each([
    [4001, 'enough'],
    [1000, ''],
    [1001, 'going'],
  ])('passes the close code %i on, from the client and from the server behind', async (code, reason) => {
    const closed: Promise<unknown>[] = [];
    const upstream = await startUpstream((socket) =>
      closed.push(new Promise((resolve) => socket.on('close', (...info) => resolve([info[0], info[1].toString()])))),
    );
    const proxy = await startServer(['proxy_server', '-q', '--remote_host', upstream.url]);
    const first = await new Peer(proxy.url).opened();
    first.socket.send('x');
    await first.count(1);
    first.socket.close(code, reason);
    expect(await closed[0]).toEqual([code, reason]);
    const second = await new Peer(proxy.url).opened();
    second.socket.send('x');
    await second.count(1);
    upstream.latest.socket?.close(code, reason);
    expect(await second.closed).toEqual({ code, reason });
  });

  it('passes pings on, whose answers come from the other end', async () => {
    const upstream = await startUpstream();
    const proxy = await startServer(['proxy_server', '-q', '--remote_host', upstream.url]);
    const peer = await new Peer(proxy.url).opened();
    const behind = upstream.latest.socket;
    const heard = (socket: WebSocket | undefined, event: 'ping' | 'pong'): Promise<string> =>
      new Promise((resolve) => socket?.once(event, (data: Buffer) => resolve(data.toString())));
    const [seen, answered] = [heard(behind, 'ping'), heard(peer.socket, 'pong')];
    peer.socket.ping('hello');
    expect(await Promise.all([seen, answered])).toEqual(['hello', 'hello']);
    const [seenBack, answeredBack] = [heard(peer.socket, 'ping'), heard(behind, 'pong')];
    behind?.ping('there');
    expect(await Promise.all([seenBack, answeredBack])).toEqual(['there', 'there']);
    // A heartbeat in one direction.
    const unasked = heard(behind, 'pong');
    peer.socket.pong('I live');
    expect(await unasked).toBe('I live');
  });

  it('does not answer pings for the server behind', async () => {
    const upstream = await startServer(['echo_server', '-q', '--disable-pong']);
    const proxy = await startServer(['proxy_server', '-q', '--remote_host', upstream.url]);
    const peer = await new Peer(proxy.url).opened();
    let pongs = 0;
    peer.socket.on('pong', () => pongs++);
    peer.socket.ping('hello');
    peer.socket.send('behind it');
    expect(await peer.texts(1)).toEqual(['behind it']);
    expect(pongs).toBe(0);
  });

  it('leaves pings of clients unanswered with --disable-pong', async () => {
    const upstream = await startUpstream();
    const proxy = await startServer(['proxy_server', '-q', '-p', '--remote_host', upstream.url]);
    const peer = await new Peer(proxy.url).opened();
    let pings = 0;
    upstream.latest.socket?.on('ping', () => pings++);
    peer.socket.ping('hello');
    peer.socket.send('behind it');
    await peer.count(1);
    expect(pings).toBe(0);
  });

  it('compresses on each side as that side wants it', async () => {
    const upstream = await startUpstream();
    const proxy = await startServer(['proxy_server', '-q', '--remote_host', upstream.url]);
    const peer = await new Peer(proxy.url, { perMessageDeflate: true }).opened();
    const text = 'hello '.repeat(10_000);
    peer.socket.send(text);
    expect(await peer.texts(1)).toEqual([text]);
    expect(peer.socket.extensions).toContain('permessage-deflate');
    expect(upstream.latest.socket?.extensions).toBe('');
  });

  it('passes large messages and fragments on, no faster than they are taken', async () => {
    const upstream = await startUpstream();
    const proxy = await startServer(['proxy_server', '-q', '--remote_host', upstream.url]);
    const peer = await new Peer(proxy.url).opened();
    const large = randomBytes(5_000_000);
    peer.socket.send(large.subarray(0, 1_000_000), { fin: false });
    peer.socket.send(large.subarray(1_000_000), { fin: true });
    expect((await peer.count(1))[0]?.data.equals(large)).toBe(true);
    peer.socket.pause();
    for (let index = 0; index < 60; index++) peer.socket.send(large.subarray(0, 500_000));
    peer.socket.resume();
    expect((await peer.count(61)).every(({ data }, index) => index === 0 || data.length === 500_000)).toBe(true);
  });

  it('ends a connection with 1014 when the one behind it is lost', async () => {
    const upstream = await startUpstream();
    const proxy = await startServer(['proxy_server', '-q', '--remote_host', upstream.url]);
    const peer = await new Peer(proxy.url).opened();
    peer.socket.send('x');
    await peer.count(1);
    upstream.latest.socket?.terminate();
    expect((await peer.closed).code).toBe(1014);
  });

  it('goes by host and path, from lines or JSON, and to --remote_host otherwise', async () => {
    const [a, b, other] = [await startUpstream(), await startUpstream(), await startUpstream()];
    const folder = new TemporaryFolder();
    const lines = folder.write('routes.txt', `# routes\na.example=${a.url}\na.example/b = ${b.url}\n`);
    const json = folder.write('r.json', JSON.stringify({ remote_urls: { 'A.example': a.url, 'a.example/b': b.url } }));
    for (const path of [lines, json]) {
      const argv = ['proxy_server', '-q', '--config_path', path, '--remote_host', other.url];
      const proxy = await startServer([...argv, '--allow-host', 'b.example']);
      const asked = async (host: string, uri: string): Promise<void> => {
        const peer = await new Peer(proxy.url + uri, { headers: { Host: host } }).opened();
        peer.socket.send('x');
        await peer.count(1);
        peer.socket.terminate();
      };
      await asked('a.example', '');
      expect(a.latest.uri).toBe('/');
      await asked('A.EXAMPLE:8008', 'b/c?d');
      expect(b.latest.uri).toBe('/b/c?d');
      await asked('b.example', 'else');
      expect(other.latest.uri).toBe('/else');
      // A page of another name that was pointed at this machine.
      await expect(asked('evil.example', 'else')).rejects.toThrow('421');
      for (const { latest } of [a, b, other]) latest.uri = '';
    }
  });

  it.each([
    [[], /say where to pass connections on/],
    [['--remote_host', 'http://a'], /--remote_host: http:\/\/a does not begin with ws:/],
    [
      ['--remote_host', 'ws://169.254.169.254/x'],
      /169\.254\.169\.254 is a link-local address\n {4}Add --allow-private/,
    ],
    [['--remote_host', 'ws://[fe80::1]'], /fe80::1 is a link-local address/],
    [['--remote_host', 'ws://2852039166/'], /169\.254\.169\.254 is a link-local address/],
    [['--remote_host', 'ws://a', '--timeout', '0'], /handshakeTimeoutSecs: must be/],
    [['--config_path', '/no/such'], /--config_path: \/no\/such: no such file/],
  ])('is used wrongly with %j', async (options, message) => {
    const cli = startCli(['proxy_server', '--port', '0', ...options]);
    expect(await cli.done).toBe(ExitCode.WrongUsage);
    expect(cli.stderr.text).toMatch(message);
  });
});
