import vm from 'node:vm';
import { describe, expect, test } from 'vitest';
import { prepareMessage, UsageError, type WebSocketConnection } from '../../src/index.ts';
import { attack, closeFrameOf, victims } from '../support/attacked.ts';
import { eventually } from '../support/eventually.ts';
import { connectPair } from '../support/running.ts';

type Call = (connection: WebSocketConnection) => unknown;

/** Calls as JavaScript allows them, whatever the types say. */
function loose(
  connection: WebSocketConnection,
): Record<'send' | 'ping' | 'pong' | 'close' | 'sendWhenReady', (...args: unknown[]) => unknown> {
  return {
    pong: (...args) => Reflect.apply(connection.pong, connection, args),
    sendWhenReady: (...args) => Reflect.apply(connection.sendWhenReady, connection, args),
    send: (...args) => Reflect.apply(connection.send, connection, args),
    ping: (...args) => Reflect.apply(connection.ping, connection, args),
    close: (...args) => Reflect.apply(connection.close, connection, args),
  };
}

const lengthLiar = { length: 1_000_000, byteLength: 1_000_000, byteOffset: 0, buffer: new ArrayBuffer(8) };
const turncoat = { toString: () => 'text', valueOf: () => 5, toJSON: () => 'json', [Symbol.toPrimitive]: () => 7 };

const refused: readonly (readonly [name: string, call: Call])[] = [
  ['send(5)', (it) => loose(it).send(5)],
  ['send(1e9)', (it) => loose(it).send(1e9)],
  ['send(-1)', (it) => loose(it).send(-1)],
  ['send(NaN)', (it) => loose(it).send(Number.NaN)],
  ['send(true)', (it) => loose(it).send(true)],
  ['send([1, 2])', (it) => loose(it).send([1, 2])],
  ['send() of an object that says it has bytes', (it) => loose(it).send(lengthLiar)],
  ['send() of an object that turns into text', (it) => loose(it).send(turncoat)],
  ['send() of a String object', (it) => loose(it).send(new String('x'))],
  ['send() of a Blob', (it) => loose(it).send(new Blob(['x']))],
  ['send() of a File', (it) => loose(it).send(new File(['x'], 'x.txt'))],
  ['send() of a promise', (it) => loose(it).send(Promise.resolve('x'))],
  ['send() of null', (it) => loose(it).send(null)],
  ['send() of nothing', (it) => loose(it).send()],
  [
    'send() of what calls itself an ArrayBuffer',
    (it) => loose(it).send({ [Symbol.toStringTag]: 'ArrayBuffer', byteLength: 3 }),
  ],
  ['send() with an encoding', (it) => loose(it).send('x', 'utf8')],
  ['ping() of a Blob', (it) => loose(it).ping(new Blob(['x']))],
  ['send(5, true)', (it) => loose(it).send(5, true)],
  ['send(5, false)', (it) => loose(it).send(5, false)],
  ['ping(100)', (it) => loose(it).ping(100)],
  ['ping(1e9)', (it) => loose(it).ping(1e9)],
  ['ping(null)', (it) => loose(it).ping(null)],
  ['ping() of an object that says it has bytes', (it) => loose(it).ping(lengthLiar)],
  ['close(1000, new Float32Array(20))', (it) => loose(it).close(1000, new Float32Array(20))],
  ['close(1000, Buffer)', (it) => loose(it).close(1000, Buffer.alloc(20))],
  ['close(1000, 20)', (it) => loose(it).close(1000, 20)],
  ['close(1000, null)', (it) => loose(it).close(1000, null)],
  ['close(1000, object)', (it) => loose(it).close(1000, turncoat)],
  ['close() with 124 bytes of reason', (it) => it.close(1000, 'x'.repeat(124))],
  ['close() with 42 characters of 3 bytes', (it) => it.close(1000, '€'.repeat(42))],
  ['close() with half a character', (it) => it.close(1000, 'a\ud800')],
  ["close('1000')", (it) => loose(it).close('1000')],
  ['close(1000.5)', (it) => it.close(1000.5)],
  ['close(NaN)', (it) => it.close(Number.NaN)],
  ['close(66536), which is 1000 in 16 bits', (it) => it.close(66_536)],
  ['close(-64536), which is 1000 in 16 bits', (it) => it.close(-64_536)],
  ['close(1005)', (it) => it.close(1005)],
  ['close(1006)', (it) => it.close(1006)],
  ['close(1015)', (it) => it.close(1015)],
];

describe.each(victims)('a call on a %s that makes no sense', (victim) => {
  test('throws an error of ours, and nothing leaves', async () => {
    const { raw, connection, frame } = await attack(victim);
    for (const [name, call] of refused) expect(() => call(connection), name).toThrow(UsageError);
    expect(connection.bufferedAmount()).toBe(0);
    raw.write(frame({ opcode: 9, payload: 'done?' }));
    const [pong] = await raw.frames(1);
    expect([pong?.first, pong?.payload.toString()]).toEqual([0x8a, 'done?']);
    expect(connection.getReadyState()).toBe('open');
  });

  test('throws the same when the connection is over', async () => {
    const { raw, connection, closed } = await attack(victim);
    raw.socket.destroy();
    await closed;
    for (const [name, call] of refused) expect(() => call(connection), name).toThrow(UsageError);
  });
});

const wide = Float64Array.from([1, -2.5, Number.NaN]);
const wideBytes = Buffer.from(wide.buffer);
const behind = new Uint16Array(new Uint16Array([1, 2, 3, 4, 5]).buffer, 2, 3);

/** The same bytes in every dress that memory has, of this realm and of another. */
const dresses: readonly (readonly [name: string, make: () => unknown])[] = [
  ['a Buffer', () => Buffer.from([1, 2, 3])],
  ['an ArrayBuffer', () => Uint8Array.of(1, 2, 3).buffer],
  ['a SharedArrayBuffer', () => shared([1, 2, 3])],
  ['a DataView', () => new DataView(Uint8Array.of(0, 1, 2, 3, 4).buffer, 1, 3)],
  ['a view of a SharedArrayBuffer', () => new Uint8Array(shared([1, 2, 3]))],
  ['an ArrayBuffer of another realm', () => vm.runInNewContext('Uint8Array.of(1, 2, 3).buffer')],
  [
    'a SharedArrayBuffer of another realm',
    () => vm.runInNewContext('const b = new SharedArrayBuffer(3); new Uint8Array(b).set([1, 2, 3]); b'),
  ],
  ['a typed array of another realm', () => vm.runInNewContext('Uint8Array.of(1, 2, 3)')],
  ['a DataView of another realm', () => vm.runInNewContext('new DataView(Uint8Array.of(0, 1, 2, 3).buffer, 1)')],
];

function shared(bytes: readonly number[]): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(bytes.length);
  new Uint8Array(buffer).set(bytes);
  return buffer;
}

describe.each(victims)('on a %s, the same bytes', (victim) => {
  test.each(dresses)('as %s are sent as they are, whatever the call', async (_name, make) => {
    const { raw, connection } = await attack(victim);
    const it = loose(connection);
    it.send(make());
    it.send(make(), false);
    it.ping(make());
    it.pong(make());
    await it.sendWhenReady(make());
    await it.send(make(), () => true);
    connection.sendPrepared(prepareMessage(make() as ArrayBuffer));
    const payloads = (await raw.frames(7)).map(({ first, payload }) => [first, payload.toString('hex')]);
    expect(payloads).toEqual([0x82, 0x81, 0x89, 0x8a, 0x82, 0x82, 0x82].map((first) => [first, '010203']));
  });
});

describe.each(victims)('views on a %s', (victim) => {
  test('of wide elements leave with all of their bytes and not one more', async () => {
    const { raw, connection } = await attack(victim);
    connection.ping(new Float32Array(20));
    connection.ping(wide);
    connection.send(wide);
    connection.send(behind);
    connection.send(new DataView(wide.buffer, 8, 8));
    connection.send(new BigInt64Array([-1n]));
    connection.close(1000, 'x'.repeat(123));
    const frames = await raw.frames(7);
    expect(frames.map(({ payload }) => payload.toString('hex'))).toEqual([
      '00'.repeat(80),
      wideBytes.toString('hex'),
      wideBytes.toString('hex'),
      '020003000400',
      wideBytes.toString('hex', 8, 16),
      'ff'.repeat(8),
      `03e8${'78'.repeat(123)}`,
    ]);
    raw.socket.end();
    expect(await closeFrameOf(raw)).toBe(`1000 ${'x'.repeat(123)}`);
  });

  test('of more than 125 bytes are no ping', async () => {
    const { raw, connection, frame } = await attack(victim);
    expect(connection.ping(new Float32Array(32))).toMatchObject({ success: false, code: 'tooBig', payloadSize: 128 });
    raw.write(frame({ opcode: 9 }));
    expect((await raw.frames(1))[0]?.first).toBe(0x8a);
  });
});

describe('memory that was taken away', () => {
  test('is refused with an error of ours, and never sent as nothing', async () => {
    const { client, peer, peerLog, log } = await connectPair();
    for (const [connection, other] of [
      [client, peerLog],
      [peer, log],
    ] as const) {
      for (const length of [10, 100_000]) {
        const bytes = new Uint8Array(length).fill(1);
        const view = Buffer.from(bytes.buffer);
        structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
        for (const data of [bytes, view, bytes.buffer]) {
          for (const call of [() => connection.send(data), () => connection.ping(data)]) {
            expect(call).toThrow(UsageError);
            expect(call).toThrow('detached');
          }
        }
      }
      connection.send('end');
      await eventually('the end', () => other.data.at(-1) === 'end');
      expect(other.data).toEqual(['end']);
    }
  });

  test('while a message waits to leave breaks nothing but that message', async () => {
    const { client, peer } = await connectPair();
    for (const connection of [client, peer]) {
      const shrinking = new ArrayBuffer(1_000_000, { maxByteLength: 1_000_000 });
      const info = connection.send(new Uint8Array(shrinking));
      expect(info.success).toBe(true);
      shrinking.resize(0);
      connection.flush();
    }
  });
});
