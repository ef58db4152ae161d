import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
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

const transfer = 'a'.repeat(32);
const receiver = 'b'.repeat(32);
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

  static async open(url: string, protocol: string): Promise<Script> {
    const socket = new WebSocket(url, protocol, { perMessageDeflate: false });
    onTestFinished(() => socket.terminate());
    const script = new Script(socket);
    await once(socket, 'open');
    return script;
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
): Promise<{ sender: Script; receiving: RunningCli }> {
  const relay = await startServer(['transfer', '-q']);
  const receiving = startCli(['receive', '--to', folder.path, relay.url]);
  await receiving.stdout.match(/Waiting for message/);
  const sender = await Script.open(relay.url, SENDER_PROTOCOL);
  sender.say({ type: 'offer', transfer, name, files: 1, bytes: size });
  await sender.hear('accept');
  sender.say({ type: 'file', transfer, round: 1, index: 0, name, size });
  return { sender, receiving };
}

describe('a receiver', () => {
  it('leaves nothing of a file whose hash is wrong, says so, and fails', async () => {
    const folder = new TemporaryFolder();
    const { sender, receiving } = await offerFile(folder, 'f', 4);
    const ready = await sender.hear('ready');
    expect(ready).toMatchObject({ round: 1, offset: 0, sha256: sha256('') });
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
      reason: expect.stringMatching(/^it needs \d+ bytes, and \d+ are free$/),
    });
    sender.say({ type: 'finish', transfer, reason: '' });
    expect(await receiving.done).toBe(ExitCode.Failed);
    expect(folder.tree).toEqual([]);
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
    expect(await sender.hear('ready')).toMatchObject({ round: 2, offset: 2, sha256: sha256('ab') });
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

  it('begins anew where the receiver has something else, and where it is right goes on', async () => {
    const content = randomBytes(1000);
    for (const [hash, start] of [
      [sha256('something else'), 0],
      [sha256(content.subarray(0, 600)), 600],
    ] as const) {
      const { script, sending, round } = await acceptFile(content);
      const { transfer: id } = await script.hear('offer');
      script.say({ type: 'ready', transfer: id, receiver, round, offset: 600, sha256: hash });
      expect(await script.hear('start')).toMatchObject({ offsets: { [receiver]: start } });
      expect(await script.hear('end')).toMatchObject({ sha256: sha256(content) });
      expect(script.contentBytes).toBe(1000 - start);
      script.say({ type: 'result', transfer: id, receiver, round, isStored: true, reason: '' });
      expect(await sending.done).toBe(ExitCode.Done);
      expect(await script.hear('finish')).toMatchObject({ reason: '' });
    }
  });

  it('has no more than its window on its way, and gives a silent receiver up', async () => {
    const { script, sending, round } = await acceptFile(randomBytes(9_000_000));
    const { transfer: id } = await script.hear('offer');
    script.say({ type: 'ready', transfer: id, receiver, round, offset: 0, sha256: sha256('') });
    await script.hear('start');
    expect(await sending.done).toBe(ExitCode.Failed);
    expect(sending.stderr.text).toMatch(/^ws: send: the receiver is gone: it was silent for 0\.5 seconds\n/);
    expect(script.contentBytes).toBeGreaterThanOrEqual(4 * 1024 * 1024);
    expect(script.contentBytes).toBeLessThan(4 * 1024 * 1024 + 64 * 1024);
  });

  it('fails with the reason that the receiver gives, which cannot drive a terminal', async () => {
    const { script, sending, round } = await acceptFile(Buffer.from('x'));
    const { transfer: id } = await script.hear('offer');
    script.say({ type: 'result', transfer: id, receiver, round, isStored: false, reason: '\u001b[2Jno' });
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
