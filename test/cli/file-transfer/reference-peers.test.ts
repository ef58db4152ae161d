import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { decodePdu, encodePdu, pduText } from '../../../src/cli/peers/pdu.ts';
import { ExitCode } from '../../../src/cli/terminal/exit-codes.ts';
import { type RunningCli, startCli, startServer, stopAll } from '../support/fake-environment.ts';
import { Peer, startPeerServer } from '../support/peers.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

/*
 * The other side is the C++ program here: a script that says what that was seen to say, byte for byte.
 */

afterEach(stopAll);

/** The message that the C++ `ws send` was captured sending: nine bytes as `small.bin`. */
const captured = [
  'content 68656c6c6f2000ff0a',
  'djb2_hash 323439383930393132333633393035353730',
  'filename 736d616c6c2e62696e',
  'id 6364646439356265386362343437633139346433333161626166653438346631',
  'kind 73656e64',
  '',
].join('\n');
const content = Buffer.from('hello \0\xff\n', 'latin1');
const hexOf = (text: string): string => Buffer.from(text).toString('hex');

/** The C++ `ws transfer`: sends every message to all others, and knows no subprotocols. */
async function startReferenceRelay(): Promise<{ readonly url: string }> {
  const sockets = new Set<{ send(data: Buffer, options: { binary: boolean }): void }>();
  const relay = await startPeerServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('message', (data: Buffer, binary) => {
      for (const other of sockets) if (other !== socket) other.send(data, { binary });
    });
  }, false);
  onTestFinished(() => relay.stop());
  return relay;
}

const relays: readonly (readonly [string, () => Promise<{ readonly url: string }>])[] = [
  ['the C++ transfer server', startReferenceRelay],
  ['ours', () => startServer(['transfer', '-q'])],
];

async function startReceiver(url: string, folder: TemporaryFolder, ...options: string[]): Promise<RunningCli> {
  const receiver = startCli(['receive', '--to', folder.path, ...options, url]);
  await receiver.stdout.match(/Waiting for message/);
  return receiver;
}

describe.each(relays)('through %s', (_, startRelay) => {
  it('a file of the C++ ws send is received, and acknowledged in its words', async () => {
    const relay = await startRelay();
    const folder = new TemporaryFolder();
    const receiver = await startReceiver(relay.url, folder);
    const peer = await new Peer(relay.url).opened();
    peer.socket.send(Buffer.from(captured));
    const [ack] = await peer.count(1);
    expect(ack?.isBinary).toBe(true);
    expect(ack?.data.toString()).toBe(
      `ack 74727565\nfilename 736d616c6c2e62696e\nid ${hexOf('cddd95be8cb447c194d331abafe484f1')}\n`,
    );
    expect(await receiver.done).toBe(ExitCode.Done);
    expect(folder.tree).toEqual(['small.bin']);
    expect(folder.read('small.bin')).toEqual(content);
    expect(receiver.stdout.text).toMatch(
      /ws_receive: Content size: 9\n.*ws_receive: Computed hash: 249890912363905570\n.*ws_receive: Reference hash: 249890912363905570\n/,
    );
  });

  it('the C++ ws receive gets a file in its format, and its acknowledgement ends ws send', async () => {
    const relay = await startRelay();
    const folder = new TemporaryFolder();
    const peer = await new Peer(relay.url).opened();
    const path = folder.write('small.bin', content);
    const sender = startCli(['send', relay.url, path]);
    const [message] = await peer.count(1);
    expect(message?.isBinary).toBe(true);
    const id = pduText(decodePdu(message?.data ?? Buffer.alloc(0)) ?? new Map(), 'id');
    expect(id).toMatch(/^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
    expect(message?.data.toString()).toBe(
      captured
        .replace('736d616c6c2e62696e', hexOf(path))
        .replace('6364646439356265386362343437633139346433333161626166653438346631', hexOf(id)),
    );
    peer.socket.send(Buffer.from(`ack 74727565\nfilename ${hexOf(path)}\nid ${hexOf(id)}\n`));
    expect(await sender.done).toBe(ExitCode.Done);
    expect(sender.stdout.text).toMatch(/ws_send: sending \d+ bytes\n.*ws_send: sent \d+ bytes\n/);
    expect(sender.stdout.text).toMatch(/Waiting for ack\.\.\.\n.*received message \(\d+ bytes\)\n.*ws_send: Done !\n/);
    // Nothing but the file may reach a receiver that takes the first message for it.
    expect(peer.received).toHaveLength(1);
  });

  it('ws send fails with what the C++ ws receive complains about', async () => {
    const relay = await startRelay();
    const peer = await new Peer(relay.url).opened();
    const sender = startCli(['send', relay.url, new TemporaryFolder().write('f', 'x')]);
    await peer.count(1);
    peer.socket.send(Buffer.from(`id \nkind ${hexOf('error')}\nmessage ${hexOf('Hash mismatch.')}\n`));
    expect(await sender.done).toBe(ExitCode.Failed);
    expect(sender.stderr.text).toBe('ws: send: the receiver could not take the file: Hash mismatch.\n');
  });
});

describe('ws receive, with a C++ sender', () => {
  it.each([
    ['a wrong hash', { djb2_hash: '1' }, 'Hash mismatch.'],
    ['no hash', { djb2_hash: '' }, 'Hash mismatch.'],
    ['a name that leads up', { filename: '/tmp/..' }, "the name has the part '..'"],
    ['no name', { filename: 'folder/' }, 'the name has an empty part'],
    ['a name that drives a terminal', { filename: 'a\u001b[2J' }, 'the name has a character that cannot be shown'],
    ['the name of a partial file', { filename: '.x.ws.part' }, 'the name ends in .ws.part, as partial files do'],
  ])('stores nothing with %s, says so to both, and fails', async (_, change, why) => {
    const relay = await startServer(['transfer', '-q']);
    const folder = new TemporaryFolder();
    const receiver = await startReceiver(relay.url, folder);
    const peer = await new Peer(relay.url).opened();
    const fields = { content: 'xyz', djb2_hash: '193511792', filename: 'f', id: 'a1', kind: 'send' };
    peer.socket.send(encodePdu({ ...fields, ...change }));
    const [answer] = await peer.count(1);
    expect(answer?.data.toString()).toBe(`id \nkind ${hexOf('error')}\nmessage ${hexOf(why)}\n`);
    expect(await receiver.done).toBe(ExitCode.Failed);
    expect(receiver.stderr.text).toBe(`ws: receive: the transfer failed: ${why}\n`);
    expect(folder.tree).toEqual([]);
  });

  it.each([
    ['../../up/f.txt', 'f.txt'],
    ['/etc/f.txt', 'f.txt'],
    ['C:\\Users\\me\\f.txt', 'f.txt'],
    ['..\\x', 'x'],
  ])('stores %j as %s in its folder', async (filename, name) => {
    const relay = await startServer(['transfer', '-q']);
    const folder = new TemporaryFolder();
    const receiver = await startReceiver(relay.url, folder);
    const peer = await new Peer(relay.url).opened();
    peer.socket.send(encodePdu({ content: 'xyz', djb2_hash: '193511792', filename, id: 'a1', kind: 'send' }));
    expect(await receiver.done).toBe(ExitCode.Done);
    expect(folder.tree).toEqual([name]);
    const answer = decodePdu((await peer.count(1))[0]?.data ?? Buffer.alloc(0)) ?? new Map();
    expect(pduText(answer, 'filename')).toBe(filename);
  });

  it('does not replace a file unasked, and says why', async () => {
    const relay = await startServer(['transfer', '-q']);
    const folder = new TemporaryFolder();
    folder.write('small.bin', 'mine');
    const receiver = await startReceiver(relay.url, folder);
    const peer = await new Peer(relay.url).opened();
    peer.socket.send(Buffer.from(captured));
    expect(await receiver.done).toBe(ExitCode.Failed);
    expect(folder.read('small.bin').toString()).toBe('mine');
    const answer = decodePdu((await peer.count(1))[0]?.data ?? Buffer.alloc(0)) ?? new Map();
    expect(pduText(answer, 'message')).toContain('the file is there already');
  });

  it('answers what is in no format it knows, and fails', async () => {
    const relay = await startServer(['transfer', '-q']);
    const receiver = await startReceiver(relay.url, new TemporaryFolder());
    const peer = await new Peer(relay.url).opened();
    peer.socket.send(Buffer.from('hello'));
    expect((await peer.texts(1))[0]).toBe(`id \nkind ${hexOf('error')}\nmessage ${hexOf('ws_receive: Invalid pdu')}\n`);
    expect(await receiver.done).toBe(ExitCode.Failed);
  });

  it('takes no notice of what others say to each other', async () => {
    const relay = await startServer(['transfer', '-q']);
    const folder = new TemporaryFolder();
    const receiver = await startReceiver(relay.url, folder);
    const peer = await new Peer(relay.url).opened();
    peer.socket.send('a text');
    peer.socket.send('{"ixwebsocket.transfer":2,"type":"offer","files":1e99}');
    peer.socket.send(encodePdu({ ack: 'true', filename: 'f', id: '1' }));
    peer.socket.send(encodePdu({ user: 'me', text: 'hello' }));
    peer.socket.send(Buffer.from(captured));
    expect(await receiver.done).toBe(ExitCode.Done);
    expect(folder.tree).toEqual(['small.bin']);
  });
});

describe('ws send, with a C++ receiver', () => {
  it('waits for its own acknowledgement, not for that of another', async () => {
    const relay = await startReferenceRelay();
    const peer = await new Peer(relay.url).opened();
    const sender = startCli(['send', '--idle-timeout', '0.3', relay.url, new TemporaryFolder().write('f', 'x')]);
    await peer.count(1);
    peer.socket.send(encodePdu({ ack: 'true', filename: 'f', id: 'another' }));
    peer.socket.send(Buffer.from('no pdu'));
    expect(await sender.done).toBe(ExitCode.Failed);
    expect(sender.stdout.text).toMatch(/Invalid id\n(.*\n)*.*Invalid pdu response\n/);
    expect(sender.stderr.text).toMatch(/^ws: send: nobody said in 0\.3 seconds that the file has come\n/);
  });
});
