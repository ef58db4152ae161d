import type { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { Relay } from '../../../src/cli/relay/relay.ts';
import { ExitCode } from '../../../src/cli/terminal/exit-codes.ts';
import { type ServerWebSocket, WebSocketServer } from '../../../src/index.ts';
import { eventually } from '../../support/eventually.ts';
import { startCli, startServer, stopAll } from '../support/fake-environment.ts';
import { Peer } from '../support/peers.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

afterEach(stopAll);

describe.each(['transfer', 'broadcast_server'])('ws %s', (command) => {
  it('sends every message to all others at once, as it came, and says what it does', async () => {
    const server = await startServer([command]);
    const peers = await Promise.all([1, 2, 3].map(() => new Peer(server.url).opened()));
    const [first, ...others] = peers;
    first?.socket.send('grüße');
    first?.socket.send(Buffer.from([1, 2, 3]));
    for (const other of others) {
      expect(await other.count(2)).toEqual([
        { data: Buffer.from('grüße'), isBinary: false },
        { data: Buffer.from([1, 2, 3]), isBinary: true },
      ]);
    }
    others[0]?.socket.send('back');
    expect(await first?.texts(1)).toEqual(['back']);
    first?.socket.close(4000, 'bye');
    await first?.closed;
    await server.stdout.match(/Closed connection: client id \d+ code 4000 reason bye\n/);
    expect(server.stdout.text).toMatch(/New connection\n.*remote ip: 127\.0\.0\.1\n/);
    expect(server.stdout.text).toMatch(/Received 13 bytes from client id \d+, sent to 2 clients\n/);
    expect(server.stderr.text).toBe('');
  });

  it('says why it could not listen', async () => {
    const server = await startServer([command, '-q']);
    const second = startCli([command, '--port', new URL(server.url).port]);
    expect(await second.done).toBe(ExitCode.Failed);
    expect(second.stderr.text).toMatch(
      new RegExp(
        `^ws: ${command}: .*Address already in use\n +Choose another port with --port; 0 is any free one\\.\n$`,
      ),
    );
  });

  it('closes its clients at a signal, and is done', async () => {
    const server = await startServer([command, '-q']);
    const peer = await new Peer(server.url).opened();
    server.signal('SIGTERM');
    expect(await server.done).toBe(ExitCode.Done);
    expect((await peer.closed).code).toBe(1000);
  });

  it('shows every event as JSON with --json', async () => {
    const server = startCli([command, '--json', '--port', '0']);
    const url = await server.stdout.match(/"url":"([^"]+)"/);
    const [a, b] = [await new Peer(url).opened(), await new Peer(url).opened()];
    a.socket.send('x');
    await b.count(1);
    await server.stdout.match(/"relayed"/);
    const events = server.stdout.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.map(({ event }) => event)).toEqual(['listening', 'open', 'open', 'relayed']);
    expect(events[3]).toMatchObject({ bytes: 7, clients: 1, level: 'info' });
  });

  it('closes clients whose messages are longer than it takes', async () => {
    const server = await startServer([command, '-q', '--max-message-size', '1K']);
    const peer = await new Peer(server.url).opened();
    peer.socket.send(Buffer.alloc(1025));
    expect((await peer.closed).code).toBe(1009);
  });

  it('lets pages of other sites in only when it is told so', async () => {
    const headers = { Origin: 'https://evil.example' };
    const server = await startServer([command, '-q']);
    const refused = new Peer(server.url, { headers });
    await expect(refused.opened()).rejects.toThrow('403');
    const open = await startServer([command, '-q', '--allow-origin', 'https://evil.example']);
    await new Peer(open.url, { headers }).opened();
  });

  it('reads no more than the slowest client takes', async () => {
    const server = await startServer([command, '-q']);
    const slow = await new Peer(server.url).opened();
    const sender = await new Peer(server.url).opened();
    slow.socket.pause();
    const message = Buffer.alloc(256 * 1024, 1);
    const count = 160;
    for (let index = 0; index < count; index++) sender.socket.send(message);
    // The system buffers, and the relay holds, far less than 40 MiB.
    let [before, unchanged] = [-1, 0];
    await eventually('the sender to be held up', () => {
      unchanged = sender.socket.bufferedAmount === before ? unchanged + 1 : 0;
      before = sender.socket.bufferedAmount;
      return unchanged === 20;
    });
    expect(sender.socket.bufferedAmount).toBeGreaterThan(10 * 1024 * 1024);
    slow.socket.resume();
    expect(await slow.count(count)).toHaveLength(count);
  });
});

describe('a relay', () => {
  it('drops a client that takes nothing, so that the others go on', async () => {
    const dropped: ServerWebSocket[] = [];
    const relay = new Relay(
      { onJoined: () => undefined, onRelayed: () => undefined, onDropped: (webSocket) => void dropped.push(webSocket) },
      // Long enough for a busy machine not to take a client for stuck that is only late.
      1500,
    );
    const server = new WebSocketServer({ port: 0, perMessageDeflate: false });
    server.setOnConnectionCallback((webSocket) =>
      webSocket.setOnMessageCallback((message) => {
        if (message.type === 'open') relay.join(webSocket, message.openInfo.protocol);
        if (message.type === 'message') relay.relay(webSocket, message);
        if (message.type === 'close') relay.leave(webSocket);
      }),
    );
    await server.listenAndStart();
    const url = `ws://127.0.0.1:${server.getPort()}`;
    const stuck = await new Peer(url).opened();
    const [sender, other] = [await new Peer(url).opened(), await new Peer(url).opened()];
    stuck.socket.pause();
    for (let index = 0; index < 200; index++) sender.socket.send(Buffer.alloc(256 * 1024));
    expect(await other.count(200)).toHaveLength(200);
    expect(dropped).toHaveLength(1);
    stuck.socket.terminate();
    await server.stop();
  });
});

describe('every server', () => {
  it.each(['echo_server', 'push_server', 'transfer', 'broadcast_server'])(
    'refuses with 421 pages of a name that was pointed at this machine: ws %s',
    async (command) => {
      const server = await startServer([command, '-q', '--allow-host', 'Mine.example']);
      const { port } = new URL(server.url);
      const url = `ws://127.0.0.1:${port}/1`;
      for (const host of ['evil.example', `evil.example:${port}`]) {
        const headers = { Host: host, Origin: `http://${host}` };
        await expect(new Peer(url, { headers }).opened()).rejects.toThrow('421');
      }
      for (const host of [`localhost:${port}`, 'mine.example'])
        await new Peer(url, { headers: { Host: host } }).opened();
      const byDefault = await startServer([command, '-q']);
      const headers = { Host: 'evil.example' };
      await expect(new Peer(`${byDefault.url}1`, { headers }).opened()).rejects.toThrow('421');
    },
  );

  it.each(['echo_server', 'push_server', 'transfer', 'broadcast_server'])(
    'speaks TLS with a certificate of its own: ws %s --tls-self-signed',
    async (command) => {
      const server = await startServer([command, '-q', '--tls-self-signed']);
      expect(server.url).toMatch(/^wss:/);
      const fingerprint = await server.stdout.match(
        /Certificate SHA-256 fingerprint ((?:[0-9A-F]{2}:){31}[0-9A-F]{2})\n/,
      );
      const peer = await new Peer(`${server.url}1`, { rejectUnauthorized: false }).opened();
      const socket = (peer.socket as unknown as { _socket: TLSSocket })._socket;
      expect(socket.getPeerCertificate().fingerprint256).toBe(fingerprint);
      expect(socket.getPeerCertificate().subjectaltname).toContain('DNS:localhost, IP Address:127.0.0.1');
    },
  );

  it('refuses two certificates at once', async () => {
    const folder = new TemporaryFolder();
    const file = folder.write('f', '');
    const cli = startCli(['echo_server', '--tls-self-signed', '--cert-file', file, '--key-file', file]);
    expect(await cli.done).toBe(ExitCode.WrongUsage);
  });

  it('writes its log to a file with --logfile, wherever that is said', async () => {
    const folder = new TemporaryFolder();
    for (const argv of [
      ['--logfile', folder.at('log'), 'echo_server'],
      ['echo_server', '--logfile', folder.at('log')],
    ]) {
      folder.write('log', 'before');
      const server = await startServer(argv);
      const peer = await new Peer(server.url).opened();
      peer.socket.close();
      await peer.closed;
      server.signal('SIGINT');
      expect(await server.done).toBe(ExitCode.Done);
      expect(server.stdout.text).toBe(`Listening on ${server.url}\n`);
      expect(server.stderr.text).toBe(`All logs will be redirected to ${folder.at('log')}\n`);
      expect(folder.read('log').toString()).toMatch(/^\[.*\] \[info\] New connection\n[^]*Closed connection.*\n$/);
    }
  });

  it('fails when the file for its log cannot be written', async () => {
    const cli = startCli(['echo_server', '--logfile', '/no/such/folder/log']);
    expect(await cli.done).toBe(ExitCode.Failed);
    expect(cli.stderr.text).toMatch(/^ws: logfile: \/no\/such\/folder\/log: no such file or directory\n$/);
  });
});
