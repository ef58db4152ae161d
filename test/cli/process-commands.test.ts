import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { tables } from '../../src/cli/program.ts';
import { freePort, Peer, startPeerServer } from './support/peers.ts';
import { spawnServer, spawnWs } from './support/processes.ts';
import { TemporaryFolder } from './support/temporary-folder.ts';

const log = (text: string): string => text.replaceAll(/^\[[^\]]*\] \[info\] /gm, '');

describe('as a process of its own', () => {
  it.each([
    [['transfer', '-q'], ''],
    [['broadcast_server', '-q'], ''],
    [['proxy_server', '-q', '--remote_host', 'ws://127.0.0.1:1'], ''],
    [
      ['echo_server', '-q', '--host', '0.0.0.0'],
      'ws: warning: 0.0.0.0 can be reached from other machines, and whoever reaches it may connect\n',
    ],
  ])('ws %j listens, says where and nothing else, and ends with 0 at a signal', async (argv, warning) => {
    const server = await spawnServer(...argv);
    server.child.kill('SIGTERM');
    expect(await server.done).toBe(0);
    expect(server.stdout.text).toBe(`Listening on ${server.url}\n`);
    expect(server.stderr.text).toBe(warning);
  });

  it.each(['transfer', 'broadcast_server', 'proxy_server'])(
    'ws %s ends with 1 where it cannot listen',
    async (command) => {
      const other = await spawnServer('echo_server', '-q');
      const { port } = new URL(other.url);
      const options = command === 'proxy_server' ? ['--remote_host', 'ws://127.0.0.1:1'] : [];
      const server = spawnWs([command, '--port', port, ...options]);
      expect(await server.done).toBe(1);
      expect(server.stdout.text).toBe('');
      expect(server.stderr.text).toContain(`127.0.0.1:${port}: Address already in use\n`);
    },
  );

  it('ws send, ws receive and ws transfer bring a folder over, and the first two end with 0', async () => {
    const [from, to] = [new TemporaryFolder(), new TemporaryFolder()];
    const content = randomBytes(2_000_000);
    from.write('d/a.bin', content);
    from.write('d/e/b.txt', 'b');
    const relay = await spawnServer('transfer', '-q');
    const receiver = spawnWs(['receive', relay.url], to.path);
    const sender = spawnWs(['send', relay.url, 'd'], from.path);
    expect(await sender.done).toBe(0);
    expect(await receiver.done).toBe(0);
    expect(to.tree).toEqual(['d/', 'd/a.bin', 'd/e/', 'd/e/b.txt']);
    expect(to.read('d/a.bin').equals(content)).toBe(true);
    expect(log(sender.stdout.text)).toMatch(
      /^ws_send: Connecting to url: \S+\nws_send: connected\n[^]*ws_send: Done !\n/,
    );
    expect(log(receiver.stdout.text)).toMatch(
      /^ws_receive: Connecting to url: \S+\nws_receive: connected\n[^]*ws_receive: Done !\n/,
    );
    expect(sender.stderr.text + receiver.stderr.text).toBe('');
  });

  it('ws send and ws receive end with 1 on both sides when a hash is wrong', async () => {
    const to = new TemporaryFolder();
    const relay = await spawnServer('transfer', '-q');
    const receiver = spawnWs(['receive', '-q', relay.url], to.path);
    const peer = await new Peer(relay.url).opened();
    // Sent until the receiver is there.
    const repeat = setInterval(
      () => peer.socket.send(Buffer.from('content 61\ndjb2_hash 31\nfilename 66\nkind 73656e64\n')),
      50,
    );
    expect(await receiver.done).toBe(1);
    clearInterval(repeat);
    expect(receiver.stdout.text).toBe('');
    expect(receiver.stderr.text).toBe('ws: receive: the transfer failed: Hash mismatch.\n');
    expect(to.tree).toEqual([]);
  });

  it.each([['send'], ['receive']])('ws %s ends with 1 without a server, and with 130 at Ctrl-C', async (command) => {
    const folder = new TemporaryFolder();
    const rest = command === 'send' ? [folder.write('f', 'x')] : [];
    const failed = spawnWs([command, `ws://127.0.0.1:${await freePort()}`, ...rest], folder.path);
    expect(await failed.done).toBe(1);
    expect(failed.stderr.text).toMatch(/^ws: \w+: Unable to connect to 127\.0\.0\.1 on port \d+.*\n {4}\S.*\n$/);
    const relay = await spawnServer('transfer', '-q');
    const interrupted = spawnWs([command, relay.url, ...rest], folder.path);
    await interrupted.stdout.match(/Waiting/);
    interrupted.child.kill('SIGINT');
    expect(await interrupted.done).toBe(130);
    expect(interrupted.stderr.text).toBe('');
  });

  it('ws gzip and ws gunzip end with 0, or with 1 for what is damaged', async () => {
    const folder = new TemporaryFolder();
    folder.write('f', 'content');
    const gzip = spawnWs(['gzip', 'f'], folder.path);
    expect(await gzip.done).toBe(0);
    expect(log(gzip.stdout.text)).toMatch(/\ngzip output: f\.gz size \d+ cksum \d+\n$/);
    const gunzip = spawnWs(['gunzip', '-c', 'f.gz'], folder.path);
    expect(await gunzip.done).toBe(0);
    expect([gunzip.stdout.text, gunzip.stderr.text]).toEqual(['content', '']);
    folder.write('g.gz', gzipSync('content').subarray(0, -3));
    const damaged = spawnWs(['gunzip', '-q', 'g.gz'], folder.path);
    expect(await damaged.done).toBe(1);
    expect([damaged.stdout.text, damaged.stderr.text]).toEqual(['', 'ws: gunzip: g.gz: it ends too early\n']);
    expect(folder.tree).toEqual(['f', 'f.gz', 'g.gz']);
  });

  it('ws dnslookup, ws completion and ws man print and end with 0', async () => {
    const runs = [['dnslookup', '-q', '127.0.0.1'], ['completion', 'bash'], ['man'], ['help', 'send']].map((argv) =>
      spawnWs(argv),
    );
    expect(await Promise.all(runs.map(({ done }) => done))).toEqual([0, 0, 0, 0]);
    expect(runs.map(({ stdout }) => stdout.text.split('\n')[0])).toEqual([
      '127.0.0.1',
      '# bash completion for ws',
      expect.stringMatching(/^\.TH WS 1 /),
      'Examples:',
    ]);
    expect(runs.map(({ stderr }) => stderr.text).join('')).toBe('');
  });

  it('every command ends with 2 for an option that it does not know', async () => {
    // One process is enough to see the code arrive; the rest is the same for all.
    const run = spawnWs(['transfer', '--no-such-option']);
    expect(await run.done).toBe(2);
    expect(run.stdout.text).toBe('');
    expect(run.stderr.text).toMatch(/^ws: transfer: unknown option '--no-such-option'\n {4}\S.*\n$/);
    expect(tables.length).toBeGreaterThan(15);
  });
});

describe('ws autobahn, as a process of its own', () => {
  it('runs the cases of the server, and ends with 0', async () => {
    const seen: string[] = [];
    const server = await startPeerServer((socket, uri) => {
      seen.push(uri);
      if (uri.startsWith('/runCase')) {
        socket.send('a case');
        socket.once('message', (data) => {
          seen.push((data as Buffer).toString());
          socket.close(1000);
        });
        return;
      }
      if (uri === '/getCaseCount') socket.send('1');
      socket.close(1000);
    });
    onTestFinished(() => server.stop());
    const run = spawnWs(['autobahn', '--url', server.url]);
    expect(await run.done).toBe(0);
    expect(seen).toEqual([
      '/getCaseCount',
      '/runCase?case=1&agent=ixwebsocket',
      'a case',
      '/updateReports?agent=ixwebsocket',
    ]);
    expect(run.stdout.text).toMatch(/Test cases count: 1\n/);
    expect(run.stderr.text).toBe('');
  });

  it('ends with 1 and one line where there is no server', async () => {
    const run = spawnWs(['autobahn', '--url', `ws://127.0.0.1:${await freePort()}`]);
    expect(await run.done).toBe(1);
    expect(run.stdout.text).not.toMatch(/Test cases count/);
    expect(run.stderr.text).toMatch(/^ws: /m);
  });
});
