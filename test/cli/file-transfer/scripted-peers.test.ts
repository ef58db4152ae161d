import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { Identity } from '../../../src/cli/file-transfer/identity.ts';
import {
  type ControlMessage,
  type ControlType,
  decodeContent,
  decodeControl,
  encodeControl,
  RECEIVER_PROTOCOL,
  SENDER_PROTOCOL,
  writeContentHeader,
} from '../../../src/cli/file-transfer/wire.ts';
import { ExitCode } from '../../../src/cli/terminal/exit-codes.ts';
import { eventually } from '../../support/eventually.ts';
import { type RunningCli, startCli, startServer, stopAll } from '../support/fake-environment.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

/*
 * One side speaks the language of send and receive, and says what it should not.
 */

afterEach(stopAll);

const senderIdentity = new Identity();
const receiverIdentity = new Identity();
const transfer = senderIdentity.id;
const receiver = receiverIdentity.id;
const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');

/** The other side, which says only what a test has it say. */
class Script {
  readonly socket: WebSocket;
  readonly heard: ControlMessage[] = [];
  contentBytes = 0;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) this.contentBytes += decodeContent(data)?.bytes.length ?? 0;
      const message = isBinary ? undefined : decodeControl(data.toString());
      if (message !== undefined) this.heard.push(message);
    });
  }

  /** A client of the relay that speaks under the id of `identity`, if it may. */
  static async open(url: string, protocol: string, identity?: Identity): Promise<Script> {
    const socket = new WebSocket(url, protocol === '' ? [] : protocol, { perMessageDeflate: false });
    onTestFinished(() => socket.terminate());
    const script = new Script(socket);
    await once(socket, 'open');
    script.claim(identity ?? (protocol === SENDER_PROTOCOL ? senderIdentity : receiverIdentity));
    return script;
  }

  claim({ secret }: Identity): void {
    this.say({ type: 'claim', secret });
  }

  say(message: ControlMessage): void {
    this.socket.send(encodeControl(message));
  }

  sendContent(round: number, offset: number, bytes: Buffer): void {
    const message = Buffer.concat([Buffer.alloc(29), bytes]);
    writeContentHeader(message, transfer, round, offset);
    this.socket.send(message);
  }

  hear<T extends ControlType>(type: T): Promise<Extract<ControlMessage, { type: T }>> {
    const isWanted = (message: ControlMessage): message is Extract<ControlMessage, { type: T }> =>
      message.type === type;
    return eventually(type, () => this.heard.find(isWanted));
  }
}

/** A receiver of ours that has accepted an offer of one file and said how much it has. */
async function offerFile(
  folder: TemporaryFolder,
  name: string,
  size: number,
  options: readonly string[] = [],
): Promise<{ sender: Script; receiving: RunningCli; url: string }> {
  const relay = await startServer(['transfer', '-q']);
  const receiving = startCli(['receive', '--to', folder.path, ...options, relay.url]);
  await receiving.stdout.match(/Waiting for message/);
  const sender = await Script.open(relay.url, SENDER_PROTOCOL);
  sender.say({ type: 'offer', transfer, name, files: 1, bytes: size });
  await sender.hear('accept');
  sender.say({ type: 'file', transfer, round: 1, index: 0, name, size });
  return { sender, receiving, url: relay.url };
}

describe('a receiver', () => {
  it('leaves nothing of a file whose hash is wrong, says so, and fails', async () => {
    const folder = new TemporaryFolder();
    const { sender, receiving } = await offerFile(folder, 'f', 4);
    const ready = await sender.hear('ready');
    expect(ready).toMatchObject({ round: 1, offset: 0 });
    sender.say({ type: 'start', transfer, round: 1, offsets: { [ready.receiver]: 0 } });
    sender.sendContent(1, 0, Buffer.from('evil'));
    sender.say({ type: 'end', transfer, round: 1, sha256: sha256('good') });
    expect(await sender.hear('result')).toMatchObject({ isStored: false, reason: 'Hash mismatch.' });
    sender.say({ type: 'finish', transfer, reason: '' });
    expect(await receiving.done).toBe(ExitCode.Failed);
    expect(folder.tree).toEqual([]);
  });

  it.each(['../up', '/abs', 'a/../../b', 'a\\b', 'a\u001bb', '.x.ws.part'])('refuses the name %j', async (name) => {
    const folder = new TemporaryFolder();
    const { sender, receiving } = await offerFile(folder, name, 1);
    expect(await sender.hear('result')).toMatchObject({ isStored: false, reason: expect.stringMatching(/^the name /) });
    sender.say({ type: 'finish', transfer, reason: '' });
    expect(await receiving.done).toBe(ExitCode.Failed);
    expect(folder.tree).toEqual([]);
  });

  it('refuses what would not fit on the disk, before it comes', async () => {
    const folder = new TemporaryFolder();
    const { sender, receiving } = await offerFile(folder, 'f', 2 ** 52);
    expect(await sender.hear('result')).toMatchObject({
      isStored: false,
      // The room that there is belongs to those who run it.
      reason: 'there is not enough room for it',
    });
    expect(receiving.stderr.text).toMatch(/ f: it needs \d+ bytes, and \d+ are free\n/);
    sender.say({ type: 'finish', transfer, reason: '' });
    expect(await receiving.done).toBe(ExitCode.Failed);
    expect(folder.tree).toEqual([]);
  });

  it('does not tell what an existing file holds, and compares it with the hash of the sender', async () => {
    const folder = new TemporaryFolder();
    folder.write('f', 'mine');
    const { sender, receiving } = await offerFile(folder, 'f', 4);
    const has = await sender.hear('has');
    expect(JSON.stringify(sender.heard)).not.toContain(sha256('mine'));
    sender.say({ ...has, type: 'prefix', sha256: sha256('mine') });
    expect(await sender.hear('ready')).toMatchObject({ offset: 4 });
    sender.say({ type: 'start', transfer, round: 1, offsets: { [has.receiver]: 4 } });
    sender.say({ type: 'end', transfer, round: 1, sha256: sha256('mine') });
    expect(await sender.hear('result')).toMatchObject({ isStored: true, sha256: sha256('mine') });
    sender.say({ type: 'finish', transfer, reason: '' });
    expect(await receiving.done).toBe(ExitCode.Done);
    expect(receiving.stdout.text).toContain('Done !');
  });

  it('does not tell the hash of a file that is another one', async () => {
    const folder = new TemporaryFolder();
    folder.write('f', 'mine');
    const { sender } = await offerFile(folder, 'f', 4);
    sender.say({ ...(await sender.hear('has')), type: 'prefix', sha256: sha256('that') });
    const { reason } = await sender.hear('result');
    expect(reason).toBe('the file is there already; ws receive --force replaces it');
    expect(JSON.stringify(sender.heard)).not.toContain(sha256('mine'));
    expect(folder.read('f').toString()).toBe('mine');
  });

  it('takes content only where it has verified what is before it', async () => {
    const folder = new TemporaryFolder();
    folder.write('.f.ws.part', 'ab');
    const { sender } = await offerFile(folder, 'f', 4);
    const { receiver: id } = await sender.hear('has');
    sender.say({ type: 'start', transfer, round: 1, offsets: { [id]: 2 } });
    expect(await sender.hear('result')).toMatchObject({ reason: 'the sender began at the wrong place' });
  });

  it('names no path of its machine when a file cannot be written', async () => {
    const folder = new TemporaryFolder();
    folder.write('.f.ws.part/x', '');
    const { sender, receiving } = await offerFile(folder, 'f', 4);
    const { reason } = await sender.hear('result');
    expect(reason).toBe('it cannot be written there');
    await receiving.stderr.match(/\.f\.ws\.part: illegal operation on a directory/);
  });

  it('does not say that it is done when something was not stored', async () => {
    const folder = new TemporaryFolder();
    folder.write('f', 'longer');
    const { sender, receiving } = await offerFile(folder, 'f', 1, ['--count', '2']);
    await sender.hear('result');
    sender.say({ type: 'finish', transfer, reason: '' });
    await receiving.stderr.match(/the transfer failed/);
    const next = new Identity();
    sender.claim(next);
    sender.say({ type: 'offer', transfer: next.id, name: 'd', files: 1, bytes: 0 });
    sender.say({ type: 'file', transfer: next.id, round: 1, index: 0, name: 'd/', size: 0 });
    sender.say({ type: 'finish', transfer: next.id, reason: '' });
    expect(await receiving.done).toBe(ExitCode.Failed);
    expect(receiving.stdout.text).not.toContain('Done !');
    expect(folder.tree).toEqual(['d/', 'f']);
  });

  it('takes no more than was said', async () => {
    const folder = new TemporaryFolder();
    const { sender } = await offerFile(folder, 'f', 4);
    const ready = await sender.hear('ready');
    sender.say({ type: 'start', transfer, round: 1, offsets: { [ready.receiver]: 0 } });
    sender.sendContent(1, 0, Buffer.from('12345'));
    expect(await sender.hear('result')).toMatchObject({ reason: 'the sender sent more than it said' });
  });

  it('says what it has missed, ignores what is on its way, and goes on in the next round', async () => {
    const folder = new TemporaryFolder();
    const { sender, receiving } = await offerFile(folder, 'f', 6);
    const { receiver: id } = await sender.hear('ready');
    sender.say({ type: 'start', transfer, round: 1, offsets: { [id]: 0 } });
    sender.sendContent(1, 0, Buffer.from('ab'));
    sender.sendContent(1, 4, Buffer.from('ef'));
    expect(await sender.hear('lost')).toMatchObject({ round: 1, receiver: id });
    sender.heard.length = 0;
    sender.say({ type: 'file', transfer, round: 2, index: 0, name: 'f', size: 6 });
    expect(await sender.hear('ready')).toMatchObject({ round: 2, offset: 2 });
    sender.sendContent(1, 2, Buffer.from('XX'));
    sender.say({ type: 'start', transfer, round: 2, offsets: { [id]: 2 } });
    // Another receiver may need more of the beginning.
    sender.sendContent(2, 0, Buffer.from('abcd'));
    sender.sendContent(2, 4, Buffer.from('ef'));
    sender.say({ type: 'end', transfer, round: 2, sha256: sha256('abcdef') });
    expect(await sender.hear('result')).toMatchObject({ isStored: true });
    sender.say({ type: 'finish', transfer, reason: '' });
    expect(await receiving.done).toBe(ExitCode.Done);
    expect(folder.read('f').toString()).toBe('abcdef');
  });

  it('fails, and keeps what came, when the sender gives up', async () => {
    const folder = new TemporaryFolder();
    const { sender, receiving } = await offerFile(folder, 'f', 4);
    const { receiver: id } = await sender.hear('ready');
    sender.say({ type: 'start', transfer, round: 1, offsets: { [id]: 0 } });
    sender.sendContent(1, 0, Buffer.from('ab'));
    sender.say({ type: 'finish', transfer, reason: 'the disk\nfell off' });
    expect(await receiving.done).toBe(ExitCode.Failed);
    expect(receiving.stderr.text).toBe('ws: receive: the transfer failed: the disk\\x0afell off\n');
    expect(folder.tree).toEqual(['.f.ws.part']);
  });
});

describe('a sender', () => {
  async function acceptFile(content: Buffer): Promise<{ script: Script; sending: RunningCli; round: number }> {
    const relay = await startServer(['transfer', '-q']);
    const script = await Script.open(relay.url, RECEIVER_PROTOCOL);
    const sending = startCli(['send', '--idle-timeout', '0.5', relay.url, new TemporaryFolder().write('f', content)]);
    const offer = await script.hear('offer');
    script.say({ type: 'accept', transfer: offer.transfer, receiver });
    const { round } = await script.hear('file');
    return { script, sending, round };
  }

  it('says the hash of as much as the receiver has, and begins where that wants it to', async () => {
    const content = randomBytes(1000);
    for (const start of [0, 600]) {
      const { script, sending, round } = await acceptFile(content);
      const { transfer: id } = await script.hear('offer');
      script.say({ type: 'has', transfer: id, receiver, round, offset: 600 });
      expect(await script.hear('prefix')).toMatchObject({ offset: 600, sha256: sha256(content.subarray(0, 600)) });
      script.say({ type: 'ready', transfer: id, receiver, round, offset: start });
      expect(await script.hear('start')).toMatchObject({ offsets: { [receiver]: start } });
      expect(await script.hear('end')).toMatchObject({ sha256: sha256(content) });
      expect(script.contentBytes).toBe(1000 - start);
      script.say({
        type: 'result',
        transfer: id,
        receiver,
        round,
        isStored: true,
        reason: '',
        sha256: sha256(content),
      });
      expect(await sending.done).toBe(ExitCode.Done);
      expect(await script.hear('finish')).toMatchObject({ reason: '' });
    }
  });

  it.each([['something else', sha256('evil')], ['nothing']])(
    'fails when the receiver has stored %s',
    async (_, hash = '') => {
      const { script, sending, round } = await acceptFile(Buffer.from('good'));
      const { transfer: id } = await script.hear('offer');
      script.say({ type: 'ready', transfer: id, receiver, round, offset: 0 });
      await script.hear('end');
      script.say({ type: 'result', transfer: id, receiver, round, isStored: true, reason: '', sha256: hash });
      expect(await sending.done).toBe(ExitCode.Failed);
      expect(sending.stderr.text).toBe(
        `ws: send: the receiver could not store f: it has stored something else (SHA-256 ${hash || 'missing'})\n`,
      );
      expect(sending.stdout.text).not.toContain('Done !');
    },
  );

  it('names no path of its machine when it fails', async () => {
    const folder = new TemporaryFolder();
    const relay = await startServer(['transfer', '-q']);
    const script = await Script.open(relay.url, RECEIVER_PROTOCOL);
    const path = folder.write('f', 'x');
    const sending = startCli(['send', relay.url, path]);
    const { transfer: id } = await script.hear('offer');
    folder.write('f', 'longer than before');
    script.say({ type: 'accept', transfer: id, receiver });
    expect(await script.hear('finish')).toMatchObject({ reason: 'f could not be read' });
    expect(await sending.done).toBe(ExitCode.Failed);
    expect(sending.stderr.text).toContain(path);
  });

  it('has no more than its window on its way, and gives a silent receiver up', async () => {
    const { script, sending, round } = await acceptFile(randomBytes(9_000_000));
    const { transfer: id } = await script.hear('offer');
    script.say({ type: 'ready', transfer: id, receiver, round, offset: 0 });
    await script.hear('start');
    expect(await sending.done).toBe(ExitCode.Failed);
    expect(sending.stderr.text).toMatch(/^ws: send: the receiver is gone: it was silent for 0\.5 seconds\n/);
    expect(script.contentBytes).toBeGreaterThanOrEqual(4 * 1024 * 1024);
    expect(script.contentBytes).toBeLessThan(4 * 1024 * 1024 + 64 * 1024);
  });

  it('fails with the reason that the receiver gives, which cannot drive a terminal', async () => {
    const { script, sending, round } = await acceptFile(Buffer.from('x'));
    const { transfer: id } = await script.hear('offer');
    script.say({ type: 'result', transfer: id, receiver, round, isStored: false, reason: '\u001b[2Jno', sha256: '' });
    expect(await sending.done).toBe(ExitCode.Failed);
    expect(sending.stderr.text).toBe('ws: send: the receiver could not store f: \\x1b[2Jno\n');
  });

  it('fails when every receiver refuses', async () => {
    const relay = await startServer(['transfer', '-q']);
    const script = await Script.open(relay.url, RECEIVER_PROTOCOL);
    const sending = startCli(['send', relay.url, new TemporaryFolder().write('f', 'x')]);
    const { transfer: id } = await script.hear('offer');
    script.say({ type: 'refuse', transfer: id, receiver, reason: 'not today' });
    expect(await sending.done).toBe(ExitCode.Failed);
    expect(sending.stderr.text).toBe('ws: send: f was not sent: refused: not today\n');
  });
});

describe('a relay', () => {
  it.each([SENDER_PROTOCOL, RECEIVER_PROTOCOL, ''])(
    'lets nobody but the owner go on with a transfer, on a new connection as well: not a stranger with the protocol %s',
    async (protocol) => {
      const folder = new TemporaryFolder();
      const { sender, receiving, url } = await offerFile(folder, 'f', 4);
      const { receiver: id } = await sender.hear('ready');
      sender.socket.close();
      // It has heard the ids as a receiver, and claims one of its own.
      const stranger = await Script.open(url, protocol, new Identity());
      for (const round of [1, 2]) {
        stranger.say({ type: 'file', transfer, round, index: 0, name: 'f', size: 4 });
        stranger.say({ type: 'start', transfer, round, offsets: { [id]: 0 } });
        stranger.sendContent(round, 0, Buffer.from('evil'));
        stranger.say({ type: 'end', transfer, round, sha256: sha256('evil') });
      }
      stranger.say({ type: 'finish', transfer, reason: '' });
      stranger.socket.close();
      await once(stranger.socket, 'close');
      const owner = await Script.open(url, SENDER_PROTOCOL);
      owner.say({ type: 'start', transfer, round: 1, offsets: { [id]: 0 } });
      owner.sendContent(1, 0, Buffer.from('good'));
      owner.say({ type: 'end', transfer, round: 1, sha256: sha256('good') });
      expect(await owner.hear('result')).toMatchObject({ isStored: true, round: 1, sha256: sha256('good') });
      owner.say({ type: 'finish', transfer, reason: '' });
      expect(await receiving.done).toBe(ExitCode.Done);
      expect(folder.read('f').toString()).toBe('good');
    },
  );

  it('lets nobody but a receiver speak for it', async () => {
    const { sender, receiving, url } = await offerFile(new TemporaryFolder(), 'f', 4);
    const { receiver: id } = await sender.hear('ready');
    const stranger = await Script.open(url, RECEIVER_PROTOCOL);
    stranger.say({ type: 'refuse', transfer, receiver: id, reason: 'no' });
    stranger.say({ type: 'result', transfer, receiver: id, round: 1, isStored: true, reason: '', sha256: '' });
    stranger.say({ type: 'peers', senders: 0, receivers: 0, others: 0 });
    stranger.say({ type: 'refuse', transfer, receiver, reason: 'in its own name' });
    expect(await sender.hear('refuse')).toMatchObject({ receiver });
    expect(sender.heard.map(({ type }) => type)).not.toContain('result');
    sender.say({ type: 'finish', transfer, reason: 'enough' });
    await receiving.done;
  });

  it('keeps the secret of a transfer to itself', async () => {
    const { sender, url } = await offerFile(new TemporaryFolder(), 'f', 4);
    const listener = await Script.open(url, RECEIVER_PROTOCOL);
    await listener.hear('peers');
    sender.claim(new Identity());
    sender.say({ type: 'working', transfer, receiver: '' });
    await listener.hear('working');
    expect(listener.heard.map(({ type }) => type)).not.toContain('claim');
  });
});
