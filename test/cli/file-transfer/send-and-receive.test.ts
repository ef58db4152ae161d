import { randomBytes } from 'node:crypto';
import { mkdirSync, symlinkSync } from 'node:fs';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { ExitCode } from '../../../src/cli/terminal/exit-codes.ts';
import { startCuttingProxy } from '../../support/cutting-proxy.ts';
import { type RunningCli, startCli, startServer, stopAll } from '../support/fake-environment.ts';
import { freePort, Peer, startPeerServer } from '../support/peers.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

afterEach(stopAll);

/** A receiver that is ready. */
async function startReceiver(url: string, folder: TemporaryFolder, ...options: string[]): Promise<RunningCli> {
  const receiver = startCli(['receive', '--to', folder.path, ...options, url]);
  await Promise.race([receiver.stdout.match(/Waiting for message/), receiver.done]);
  return receiver;
}

const portOf = (url: string): number => Number(new URL(url).port);

describe('ws send and ws receive through ws transfer', () => {
  it.each([
    ['a file', 100_000],
    ['an empty file', 0],
    ['a file of several pieces', 3_000_001],
  ])('bring %s over', async (_, size) => {
    const relay = await startServer(['transfer']);
    const [from, to] = [new TemporaryFolder(), new TemporaryFolder()];
    const content = randomBytes(size);
    const receiver = await startReceiver(relay.url, to);
    const sender = startCli(['send', relay.url, from.write('a file.bin', content)]);
    expect(await sender.done).toBe(ExitCode.Done);
    expect(await receiver.done).toBe(ExitCode.Done);
    expect(to.tree).toEqual(['a file.bin']);
    expect(to.read('a file.bin').equals(content)).toBe(true);
    expect(sender.stdout.text).toContain('ws_send: Done !');
    expect(receiver.stdout.text).toMatch(/ws_receive: Received \S+\/a file\.bin, \d+ bytes, SHA-256 [0-9a-f]{64}\n/);
    expect(sender.stderr.text + receiver.stderr.text).toBe('');
    expect(relay.stdout.text).toMatch(/Client id \d+ is a receiver\n/);
    expect(sender.listenerCount() + receiver.listenerCount()).toBe(0);
  });

  it('bring a folder over with everything in it, but no links', async () => {
    const relay = await startServer(['transfer', '-q']);
    const [from, to] = [new TemporaryFolder(), new TemporaryFolder()];
    from.write('photos/a.txt', 'one');
    from.write('photos/2024/b.txt', 'two');
    from.write('photos/2024/empty.txt', '');
    mkdirSync(from.at('photos/nothing'));
    symlinkSync('/etc/passwd', from.at('photos/link'));
    const receiver = await startReceiver(relay.url, to);
    const sender = startCli(['send', relay.url, from.at('photos')]);
    expect(await sender.done).toBe(ExitCode.Done);
    expect(await receiver.done).toBe(ExitCode.Done);
    expect(to.tree).toEqual([
      'photos/',
      'photos/2024/',
      'photos/2024/b.txt',
      'photos/2024/empty.txt',
      'photos/a.txt',
      'photos/nothing/',
    ]);
    expect(to.read('photos/2024/b.txt').toString()).toBe('two');
    expect(sender.stderr.text).toMatch(/photos\/link is neither a file nor a folder and is not sent\n$/);
  });

  it('start in either order', async () => {
    const relay = await startServer(['transfer', '-q']);
    const [from, to] = [new TemporaryFolder(), new TemporaryFolder()];
    const sender = startCli(['send', relay.url, from.write('f', 'content')]);
    await sender.stdout.match(/Waiting for a receiver/);
    const receiver = await startReceiver(relay.url, to);
    expect(await sender.done).toBe(ExitCode.Done);
    expect(await receiver.done).toBe(ExitCode.Done);
    expect(to.read('f').toString()).toBe('content');
  });

  it('bring a file to every receiver that is there', async () => {
    const relay = await startServer(['transfer', '-q']);
    const from = new TemporaryFolder();
    const folders = [new TemporaryFolder(), new TemporaryFolder(), new TemporaryFolder()];
    const receivers = await Promise.all(folders.map((folder) => startReceiver(relay.url, folder)));
    const content = randomBytes(1_000_000);
    const sender = startCli(['send', relay.url, from.write('f', content)]);
    expect(await sender.done).toBe(ExitCode.Done);
    expect(await Promise.all(receivers.map(({ done }) => done))).toEqual([0, 0, 0]);
    for (const folder of folders) expect(folder.read('f').equals(content)).toBe(true);
  });

  it('go on receiving with --count, and say in JSON what came', async () => {
    const relay = await startServer(['transfer', '-q']);
    const [from, to] = [new TemporaryFolder(), new TemporaryFolder()];
    const receiver = startCli(['receive', '--to', to.path, '--count', '2', '--json', relay.url]);
    await receiver.stdout.match(/"waiting"/);
    for (const name of ['one', 'two']) {
      expect(await startCli(['send', '-q', relay.url, from.write(name, name)]).done).toBe(ExitCode.Done);
    }
    expect(await receiver.done).toBe(ExitCode.Done);
    const events = receiver.stdout.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.filter(({ event }) => event === 'file')).toMatchObject([
      { path: to.at('one'), bytes: 3 },
      { path: to.at('two'), bytes: 3 },
    ]);
  });

  it('end well by a signal with --keep', async () => {
    const relay = await startServer(['transfer', '-q']);
    const receiver = await startReceiver(relay.url, new TemporaryFolder(), '--keep');
    receiver.signal('SIGINT');
    expect(await receiver.done).toBe(ExitCode.Done);
  });

  it.each([['send'], ['receive']])('end with 130 when %s is interrupted', async (command) => {
    const relay = await startServer(['transfer', '-q']);
    const folder = new TemporaryFolder();
    const cli = startCli(command === 'send' ? ['send', relay.url, folder.write('f', '')] : ['receive', relay.url]);
    await cli.stdout.match(/Waiting/);
    cli.signal('SIGINT');
    expect(await cli.done).toBe(ExitCode.Interrupted);
  });

  it('count what a server does that accepts and closes, in place of a line for each time', async () => {
    const server = await startPeerServer((socket) => socket.close(1013));
    const cli = startCli(['receive', '--to', new TemporaryFolder().path, server.url]);
    await cli.stdout.match(/connected \(8 times\)/);
    expect(cli.stdout.text.match(/: connected/g)).toHaveLength(4);
    cli.signal('SIGINT');
    await cli.done;
    await server.stop();
  });

  it('show a bar with rate and time left on a terminal only', async () => {
    const relay = await startServer(['transfer', '-q']);
    const [from, to] = [new TemporaryFolder(), new TemporaryFolder()];
    const receiver = await startReceiver(relay.url, to);
    const path = from.write('f', randomBytes(1_000_000));
    const sender = startCli(['send', relay.url, path], { isTerminal: true, columns: 100 });
    expect(await sender.done).toBe(ExitCode.Done);
    expect(sender.stderr.text).toMatch(/f \[[#.]{24}\] \d+% of 1\.0 MB, \S+ \w+\/s, [-\d]+:[-\d]+ left/);
    await receiver.done;
    expect(receiver.stderr.text).toBe('');
  });

  it('send in one message with --pdu', async () => {
    const relay = await startServer(['transfer', '-q']);
    const [from, to] = [new TemporaryFolder(), new TemporaryFolder()];
    const receiver = await startReceiver(relay.url, to);
    const content = randomBytes(300_000);
    const sender = startCli(['send', '--pdu', relay.url, from.write('f', content)]);
    expect(await sender.done).toBe(ExitCode.Done);
    expect(await receiver.done).toBe(ExitCode.Done);
    expect(to.read('f').equals(content)).toBe(true);
  });
});

describe('a transfer that is cut', () => {
  it.each(['sender', 'receiver', 'both'])('goes on where it was, with %s cut five times', async (who) => {
    const relay = await startServer(['transfer', '-q']);
    const [from, to] = [new TemporaryFolder(), new TemporaryFolder()];
    const content = randomBytes(12_000_000);
    const proxy = await startCuttingProxy(portOf(relay.url), [1e6, 3e6, 5e6, 7e6, 9e6]);
    onTestFinished(() => proxy.stop());
    const receiver = await startReceiver(who === 'sender' ? relay.url : proxy.url, to);
    const sender = startCli(['send', who === 'receiver' ? relay.url : proxy.url, from.write('f', content)]);
    expect(await sender.done).toBe(ExitCode.Done);
    expect(await receiver.done).toBe(ExitCode.Done);
    expect(proxy.cuts).toBe(5);
    expect(to.tree).toEqual(['f']);
    expect(to.read('f').equals(content)).toBe(true);
  });

  it('goes on with a receiver that was started anew', async () => {
    const relay = await startServer(['transfer', '-q']);
    const [from, to] = [new TemporaryFolder(), new TemporaryFolder()];
    const content = randomBytes(4_000_000);
    const path = from.write('f', content);
    const proxy = await startCuttingProxy(portOf(relay.url), [2_000_000]);
    onTestFinished(() => proxy.stop());
    const first = await startReceiver(proxy.url, to, '--retry-for', '0');
    const interrupted = startCli(['send', '--idle-timeout', '1', relay.url, path]);
    expect(await first.done).toBe(ExitCode.Failed);
    expect(first.stderr.text).toContain('could not be made again in 0 s');
    interrupted.signal('SIGINT');
    await interrupted.done;
    expect(to.tree).toEqual(['.f.ws.part']);
    const begun = to.read('.f.ws.part').length;
    expect(begun).toBeGreaterThan(500_000);

    const counter = await startCuttingProxy(portOf(relay.url), []);
    onTestFinished(() => counter.stop());
    const second = await startReceiver(relay.url, to);
    expect(await startCli(['send', relay.url, path]).done).toBe(ExitCode.Done);
    expect(await second.done).toBe(ExitCode.Done);
    expect(to.tree).toEqual(['f']);
    expect(to.read('f').equals(content)).toBe(true);
  });

  it('begins anew when what is there is something else', async () => {
    const relay = await startServer(['transfer', '-q']);
    const [from, to] = [new TemporaryFolder(), new TemporaryFolder()];
    const content = randomBytes(2_000_000);
    to.write('.f.ws.part', randomBytes(3_000_000));
    const receiver = await startReceiver(relay.url, to);
    expect(await startCli(['send', relay.url, from.write('f', content)]).done).toBe(ExitCode.Done);
    expect(await receiver.done).toBe(ExitCode.Done);
    expect(to.read('f').equals(content)).toBe(true);
  });

  it('fails on both sides when nothing answers any more', async () => {
    const relay = await startServer(['transfer', '-q']);
    const [from, to] = [new TemporaryFolder(), new TemporaryFolder()];
    const receiver = await startReceiver(relay.url, to, '--delay', '1000', '--idle-timeout', '1', '--retry-for', '0.1');
    const path = from.write('f', randomBytes(9_000_000));
    const sender = startCli(['send', '--idle-timeout', '0.5', '--retry-for', '0.1', relay.url, path]);
    await receiver.stdout.match(/Receiving f/);
    relay.signal('SIGTERM');
    expect(await receiver.done).toBe(ExitCode.Failed);
    expect(await sender.done).toBe(ExitCode.Failed);
    expect(sender.stderr.text).toMatch(
      /^ws: send: the connection was closed \(code 1000, .*\) and could not be made again/,
    );
  });
});

describe('what is there already', () => {
  it('is not replaced, and both sides say so', async () => {
    const relay = await startServer(['transfer', '-q']);
    const [from, to] = [new TemporaryFolder(), new TemporaryFolder()];
    to.write('f', 'mine');
    const receiver = await startReceiver(relay.url, to);
    const sender = startCli(['send', relay.url, from.write('f', 'yours is longer')]);
    expect(await sender.done).toBe(ExitCode.Failed);
    expect(await receiver.done).toBe(ExitCode.Failed);
    expect(sender.stderr.text).toBe(
      'ws: send: the receiver could not store f: the file is there already; ws receive --force replaces it\n',
    );
    expect(receiver.stderr.text).toMatch(/ws: receive: the transfer failed: 1 of 1 files were not stored\n$/);
    expect(to.tree).toEqual(['f']);
    expect(to.read('f').toString()).toBe('mine');
  });

  it.each(['longer than that', 'mi?e'])('is replaced with --force, by %j', async (content) => {
    const relay = await startServer(['transfer', '-q']);
    const [from, to] = [new TemporaryFolder(), new TemporaryFolder()];
    to.write('f', 'mine');
    const receiver = await startReceiver(relay.url, to, '--force');
    expect(await startCli(['send', relay.url, from.write('f', content)]).done).toBe(ExitCode.Done);
    expect(await receiver.done).toBe(ExitCode.Done);
    expect(to.tree).toEqual(['f']);
    expect(to.read('f').toString()).toBe(content);
  });

  it('is not replaced by something else of the same length', async () => {
    const relay = await startServer(['transfer', '-q']);
    const [from, to] = [new TemporaryFolder(), new TemporaryFolder()];
    to.write('f', 'mine');
    const receiver = await startReceiver(relay.url, to);
    expect(await startCli(['send', relay.url, from.write('f', 'mi?e')]).done).toBe(ExitCode.Failed);
    expect(await receiver.done).toBe(ExitCode.Failed);
    expect(to.read('f').toString()).toBe('mine');
  });

  it('is fine when it is the same, so that a folder can be sent again', async () => {
    const relay = await startServer(['transfer', '-q']);
    const [from, to] = [new TemporaryFolder(), new TemporaryFolder()];
    from.write('d/a', 'one');
    from.write('d/b', 'two');
    to.write('d/a', 'one');
    const receiver = await startReceiver(relay.url, to);
    expect(await startCli(['send', relay.url, from.at('d')]).done).toBe(ExitCode.Done);
    expect(await receiver.done).toBe(ExitCode.Done);
    expect(to.tree).toEqual(['d/', 'd/a', 'd/b']);
  });

  it('is no way out: links to other folders are not followed', async () => {
    const relay = await startServer(['transfer', '-q']);
    const [from, to, outside] = [new TemporaryFolder(), new TemporaryFolder(), new TemporaryFolder()];
    from.write('d/f', 'content');
    symlinkSync(outside.path, to.at('d'));
    const receiver = await startReceiver(relay.url, to);
    expect(await startCli(['send', relay.url, from.at('d')]).done).toBe(ExitCode.Failed);
    expect(await receiver.done).toBe(ExitCode.Failed);
    expect(outside.tree).toEqual([]);
  });
});

describe('what cannot be sent or received', () => {
  it('is a path that does not exist', async () => {
    const sender = startCli(['send', 'ws://127.0.0.1:1', '/no/such/file']);
    expect(await sender.done).toBe(ExitCode.Failed);
    expect(sender.stderr.text).toMatch(/^ws: send: \/no\/such\/file: no such file or directory\n$/);
  });

  it.each([['send'], ['receive']])('is anything without a server, for %s', async (command) => {
    const folder = new TemporaryFolder();
    const url = `ws://127.0.0.1:${await freePort()}`;
    const cli = startCli(command === 'send' ? ['send', url, folder.write('f', '')] : ['receive', url]);
    expect(await cli.done).toBe(ExitCode.Failed);
    expect(cli.stderr.text).toMatch(new RegExp(`^ws: ${command}: Unable to connect to 127\\.0\\.0\\.1`));
  });

  it('is anything when nobody comes', async () => {
    const relay = await startServer(['transfer', '-q']);
    const folder = new TemporaryFolder();
    const sender = startCli(['send', '--wait', '0.2', relay.url, folder.write('f', '')]);
    expect(await sender.done).toBe(ExitCode.Failed);
    expect(sender.stderr.text).toMatch(/^ws: send: nobody was there to receive in 0\.2 seconds\n/);
    const receiver = startCli(['receive', '--wait', '0.2', '--to', folder.path, relay.url]);
    expect(await receiver.done).toBe(ExitCode.Failed);
    expect(receiver.stderr.text).toBe('ws: receive: nobody sent anything in 0.2 seconds\n');
  });

  it('is a folder where only single files can pass', async () => {
    const relay = await startPeerServer(() => undefined);
    onTestFinished(() => relay.stop());
    const folder = new TemporaryFolder();
    const sender = startCli(['send', relay.url, folder.path]);
    expect(await sender.done).toBe(ExitCode.Failed);
    expect(sender.stderr.text).toMatch(/^ws: send: the server in between relays single files only\n/);
  });
});

describe('ws transfer', () => {
  it('keeps what senders and receivers say from everybody else', async () => {
    const relay = await startServer(['transfer', '-q']);
    const [from, to] = [new TemporaryFolder(), new TemporaryFolder()];
    const listener = await new Peer(relay.url).opened();
    const receiver = await startReceiver(relay.url, to);
    expect(await startCli(['send', relay.url, from.write('f', 'x')]).done).toBe(ExitCode.Done);
    await receiver.done;
    const other = await new Peer(relay.url).opened();
    other.socket.send('last');
    expect(await listener.texts(1)).toEqual(['last']);
  });

  it('passes transfers on between programs that need no greeting, through any server, with --stream', async () => {
    const sockets = new Set<{ send(data: Buffer, options: { binary: boolean }): void }>();
    const relay = await startPeerServer((socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('message', (data: Buffer, binary) => {
        for (const other of sockets) if (other !== socket) other.send(data, { binary });
      });
    });
    onTestFinished(() => relay.stop());
    const [from, to] = [new TemporaryFolder(), new TemporaryFolder()];
    from.write('d/f', 'content');
    const receiver = await startReceiver(relay.url, to);
    expect(await startCli(['send', '--stream', relay.url, from.at('d')]).done).toBe(ExitCode.Done);
    expect(await receiver.done).toBe(ExitCode.Done);
    expect(to.tree).toEqual(['d/', 'd/f']);
  });
});
