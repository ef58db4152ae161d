import { describe, expect, test } from 'vitest';
import { type SendData, UsageError, type WebSocketConnection } from '../../src/index.ts';
import type { MessageLog } from '../support/message-log.ts';
import { connectPair } from '../support/running.ts';

const roles = ['client', 'server'] as const;

/** A sender in that role, and the log of its peer. Frames of a client have four bytes more, the mask. */
async function connectAs(role: 'client' | 'server'): Promise<{ sender: WebSocketConnection; received: MessageLog }> {
  const pair = await connectPair();
  return role === 'client'
    ? { sender: pair.client, received: pair.peerLog }
    : { sender: pair.peer, received: pair.log };
}

const headerBytes = (role: 'client' | 'server', length: number): number =>
  (length < 126 ? 2 : length < 65_536 ? 4 : 10) + (role === 'client' ? 4 : 0);

function bytesBehindOffset(length: number): Uint8Array {
  const whole = new Uint8Array(length + 24).fill(0xee);
  for (let i = 0; i < length; i++) whole[8 + i] = i * 7;
  return whole.subarray(8, 8 + length);
}

function shared(bytes: Uint8Array): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(bytes.length);
  new Uint8Array(buffer).set(bytes);
  return buffer;
}

const three = new Uint8Array([1, 2, 3]);

/** Name, what is sent, what it is on the wire. */
const binaryForms: readonly (readonly [string, SendData, string])[] = [
  ['a Buffer', Buffer.from('010203', 'hex'), '010203'],
  ['a slice of the pool', Buffer.from('xxabcxx').subarray(2, 5), '616263'],
  ['an ArrayBuffer', three.buffer.slice(0), '010203'],
  ['a SharedArrayBuffer', shared(three), '010203'],
  ['a Uint8Array over a SharedArrayBuffer', new Uint8Array(shared(three), 1), '0203'],
  ['a typed array with an offset', new Uint8Array(new Uint8Array([9, 1, 2, 9]).buffer, 1, 2), '0102'],
  ['elements of two bytes, as they lie in memory', new Uint16Array([0x0201, 0x0403]).subarray(1), '0304'],
  ['elements of four bytes', new Float32Array([1]), '0000803f'],
  ['elements of eight bytes', new BigUint64Array([1n]), '0100000000000000'],
  ['a DataView with an offset', new DataView(new Uint8Array([9, 8, 7, 6]).buffer, 1, 2), '0807'],
  ['an empty Buffer', Buffer.alloc(0), ''],
  ['an empty ArrayBuffer', new ArrayBuffer(0), ''],
];

describe.each(roles)('a %s sends', (role) => {
  test.each(binaryForms)('%s as the bytes it shows', async (_name, data, hex) => {
    const { sender, received } = await connectAs(role);
    const payloadSize = hex.length / 2;
    const wireSize = payloadSize + headerBytes(role, payloadSize);
    expect(sender.send(data)).toEqual({ success: true, compressionError: false, payloadSize, wireSize });
    const message = await received.next('message');
    expect(message).toMatchObject({ binary: true, wireSize });
    expect(message.bytes.toString('hex')).toBe(hex);
  });

  test.each([
    ['ASCII', 'hello'],
    ['nothing', ''],
    ['two bytes each', 'äöü'],
    ['beyond the first plane', '😀 and more'],
    ['a byte order mark, which is kept', '\uFEFFx'],
    ['a NUL', 'a\0b'],
  ])('text: %s', async (_name, text) => {
    const { sender, received } = await connectAs(role);
    const payloadSize = Buffer.byteLength(text);
    const wireSize = payloadSize + headerBytes(role, payloadSize);
    expect(sender.send(text)).toEqual({ success: true, compressionError: false, payloadSize, wireSize });
    const message = await received.next('message');
    expect(message).toMatchObject({ binary: false, data: text, wireSize });
    expect(message.bytes).toEqual(Buffer.from(text));
  });

  test('messages of every length around the borders of the length field, in order', async () => {
    const { sender, received } = await connectAs(role);
    const lengths = [0, 1, 47, 48, 125, 126, 127, 16_383, 16_384, 16_385, 65_535, 65_536, 200_000];
    for (const length of lengths) {
      const info = sender.send(bytesBehindOffset(length));
      expect(info).toMatchObject({ success: true, payloadSize: length, wireSize: length + headerBytes(role, length) });
    }
    const messages = await received.atLeast('message', lengths.length);
    expect(messages.map((message) => message.bytes.length)).toEqual(lengths);
    for (const message of messages) {
      expect(message.bytes.equals(bytesBehindOffset(message.bytes.length))).toBe(true);
    }
  });

  test('text of every length around the borders of the length field, in order', async () => {
    const { sender, received } = await connectAs(role);
    const texts = [0, 1, 62, 63, 8191, 8192, 32_767, 32_768, 100_000].map((length) => 'ü'.repeat(length));
    for (const text of texts) sender.send(text);
    await received.atLeast('message', texts.length);
    expect(received.data).toEqual(texts);
  });

  test('bytes as text, and strings as bytes, when told to', async () => {
    const { sender, received } = await connectAs(role);
    sender.send(Buffer.from('ä1'), false);
    sender.send('ä2', true);
    sender.sendText(Buffer.from('ä3'));
    sender.sendBinary('ä4');
    sender.sendUtf8Text(Buffer.from('ä5'));
    sender.sendUtf8Text('ä6');
    sender.sendText('ä7');
    sender.sendBinary(Buffer.from('ä8'));
    await received.atLeast('message', 8);
    expect(received.data).toEqual([
      'ä1',
      Buffer.from('ä2'),
      'ä3',
      Buffer.from('ä4'),
      'ä5',
      'ä6',
      'ä7',
      Buffer.from('ä8'),
    ]);
  });

  test('shared memory as text, short and long', async () => {
    const { sender, received } = await connectAs(role);
    const long = 'ä'.repeat(20_000);
    sender.send(shared(Buffer.from('äb')), false);
    sender.send(shared(Buffer.from(long)), false);
    sender.send(shared(Buffer.from(long)));
    await received.atLeast('message', 3);
    expect(received.data).toEqual(['äb', long, Buffer.from(long)]);
  });

  test('nothing of a text that is not Unicode, and goes on', async () => {
    const { sender, received } = await connectAs(role);
    const refused = { success: false, compressionError: false, wireSize: 0, code: 'invalidUtf8' };
    for (const text of ['\uD800', 'a\uDC00b', '\uD83D', `${'x'.repeat(30_000)}\uD800`]) {
      expect(sender.send(text)).toMatchObject(refused);
      expect(sender.send(text, true)).toMatchObject(refused);
      expect(sender.sendUtf8Text(text)).toMatchObject(refused);
      expect(sender.ping(text)).toMatchObject(refused);
    }
    for (const hex of ['ff', 'c080', 'eda080', 'f4908080', 'e4', `${'61'.repeat(30_000)}c3`]) {
      expect(sender.send(Buffer.from(hex, 'hex'), false)).toMatchObject({ ...refused, payloadSize: hex.length / 2 });
    }
    expect(sender.send(shared(Buffer.from('ff', 'hex')), false)).toMatchObject(refused);
    expect(sender.bufferedAmount()).toBe(0);
    sender.send('still here');
    expect((await received.next('message')).data).toBe('still here');
  });

  test('unchecked bytes as text, which the peer then refuses', async () => {
    const { sender, received } = await connectAs(role);
    expect(sender.sendUtf8Text(Buffer.from('ff', 'hex'))).toMatchObject({ success: true, payloadSize: 1 });
    const { closeInfo } = await received.next('close');
    expect(closeInfo).toEqual({ code: 1007, reason: 'Invalid frame payload data', remote: false, layer: 'websocket' });
    expect(received.of('message')).toEqual([]);
  });

  test('nothing that has no bytes, and says so at the call', async () => {
    const { sender, received } = await connectAs(role);
    const nonsense: unknown[] = [5, null, undefined, {}, [1, 2], new Date(), Symbol('s'), 5n, () => 'x'];
    for (const data of nonsense) {
      const send = (): unknown => sender.send(data as SendData);
      expect(send).toThrow(UsageError);
      expect(send).toThrow(/^data: /);
      expect(() => sender.sendText(data as SendData)).toThrow(UsageError);
    }
    expect(() => sender.ping(5 as unknown as string)).toThrow(UsageError);
    sender.send('fine');
    await received.next('message');
    expect(received.data).toEqual(['fine']);
  });

  test('a short buffer as it was at the call, even when it is changed at once', async () => {
    const { sender, received } = await connectAs(role);
    const buffer = Buffer.from('before');
    sender.send(buffer);
    buffer.fill('x');
    expect((await received.next('message')).bytes.toString()).toBe('before');
  });

  test('without touching what it was given', async () => {
    const { sender, received } = await connectAs(role);
    const short = bytesBehindOffset(100);
    const long = bytesBehindOffset(100_000);
    sender.send(short);
    sender.send(long);
    await received.atLeast('message', 2);
    expect(Buffer.from(short).equals(bytesBehindOffset(100))).toBe(true);
    expect(Buffer.from(long).equals(bytesBehindOffset(100_000))).toBe(true);
  });
});

test('what is received shares no memory with the library, nor with other messages', async () => {
  const { client, peerLog } = await connectPair();
  for (let i = 0; i < 50; i++) client.send(Buffer.alloc(i * 50, i));
  const messages = await peerLog.atLeast('message', 50);
  for (const message of messages) message.bytes.fill(0xff);
  client.send(Buffer.from('aa', 'hex'));
  await peerLog.atLeast('message', 51);
  for (const [i, message] of messages.entries()) expect(message.bytes.equals(Buffer.alloc(i * 50, 0xff))).toBe(true);
  expect(peerLog.data[50]).toEqual(Buffer.from('aa', 'hex'));
});

test('the bytes of a text are encoded anew each time', async () => {
  const { client, peerLog } = await connectPair();
  client.send('grün');
  const message = await peerLog.next('message');
  message.bytes.fill(0);
  expect(message.bytes.toString()).toBe('grün');
});
