import { constants, deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deflateEngines } from '../../../src/platform/deflate-engines.ts';
import { createFallbackEngines } from '../../../src/platform/zlib-fallback.ts';
import { type DeflateEngines, ENGINE_FAILED } from '../../../src/protocol/ports.ts';
import type { PerMessageDeflate } from '../../../src/protocol/websocket/deflate/per-message-deflate.ts';
import { NOT_COMPRESSED } from '../../../src/protocol/websocket/endpoint.ts';
import {
  DECOMPRESS_TOO_BIG,
  DECOMPRESS_UNFINISHED,
} from '../../../src/protocol/websocket/frames/message-decompressor.ts';
import { usedBytes } from '../../support/collect-garbage.ts';
import {
  createDeflate,
  createSide,
  noise,
  receive,
  type Side,
  withoutTakeover,
  withTakeover,
} from '../../support/deflate-pair.ts';
import { frame, hex, RFC_MASK, readFrames } from '../../support/frames.ts';
import { parseEveryWay } from '../../support/parse-every-way.ts';
import { patient } from '../../support/patience.ts';
import { writtenBytes, writtenText } from '../../support/recording-frame-handler.ts';
import { TestBudget } from '../../support/test-budget.ts';

const agreements = [
  ['with context takeover', withTakeover],
  ['without context takeover', withoutTakeover],
] as const;

/** The payload of a compressed message, made by the documented functions of Node. */
function compressed(text: string | Uint8Array): Buffer {
  return deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

function pair(settings: Parameters<typeof createSide>[1] = {}): { client: Side; server: Side } {
  return { client: createSide('client', settings), server: createSide('server', settings) };
}

/** Inflates a whole message, over as many turns as it takes; returns its length, or a negative result. */
function inflate(deflate: PerMessageDeflate, bytes: Buffer): number {
  const result = deflate.decompress(bytes, 0, bytes.length, 2_000_000);
  if (result !== DECOMPRESS_UNFINISHED) return result;
  const slow = deflate.takeUnfinished(bytes, bytes.length);
  let length = slow.goOn();
  while (length === DECOMPRESS_UNFINISHED) length = slow.goOn();
  slow.releaseOutput();
  return length;
}

describe('the ratio of what arrives compressed', () => {
  const zeros = Buffer.alloc(1_000_000);

  test('is not limited by default for messages of up to a MiB', () => {
    const deflate = createDeflate('server');
    const bytes = compressed(zeros);
    expect(zeros.length / bytes.length).toBeGreaterThan(900);
    expect(inflate(deflate, bytes)).toBe(1_000_000);
    const longer = compressed(Buffer.alloc(1_100_000));
    expect(inflate(deflate, longer)).toBe(DECOMPRESS_TOO_BIG);
    expect(inflate(createDeflate('server', { options: { maxInflateRatio: 1032 } }), longer)).toBe(1_100_000);
  });

  test('may be: a longer message is too big, and the next one is none the worse', () => {
    const deflate = createDeflate('server', { options: { maxInflateRatio: 100 } });
    const bytes = compressed(zeros);
    expect(inflate(deflate, bytes)).toBe(DECOMPRESS_TOO_BIG);
    const honest = compressed(noise(200_000));
    expect(inflate(deflate, honest)).toBe(200_000);
    // Short messages repeat themselves as well, and do no harm.
    const short = compressed(zeros.subarray(0, 60_000));
    expect(inflate(deflate, short)).toBe(60_000);
  });
});

describe('what arrives compressed', () => {
  test.each([
    ['the example of section 7.2.3.1', 'c107f248cdc9c90700', 'Hello', 9],
    ['the same in two frames', '4103f248cd 8004c9c90700', 'Hello', 11],
    ['a block without compression', 'c10b000500faff48656c6c6f00', 'Hello', 13],
    ['a block with BFINAL set', 'c108f348cdc9c9070000', 'Hello', 10],
    ['a block with BFINAL set, and nothing behind it', 'c107f348cdc9c90700', 'Hello', 9],
    ['two blocks', 'c10df248050000 00ffffcac9c90700', 'Hello', 15],
    ['an empty message', 'c10100', '', 3],
    ['an empty message in an empty frame', 'c100', '', 2],
    ['an empty message in three frames', '4100 000100 8000', '', 7],
  ])('%s', (_what, wire, text, wireSize) => {
    const events = parseEveryWay('client', hex(wire), { decompressor: createDeflate('client') });
    expect(events.at(-1)).toEqual(['text', text, wireSize]);
  });

  test.each(agreements)('plain and compressed messages in turn, %s', (_what, agreement) => {
    const wire = hex('c107f248cdc9c90700 8105776f726c64 8a00 c107f248cdc9c90700 0000').subarray(0, -2);
    const events = parseEveryWay('client', wire, { decompressor: createDeflate('client', { agreement }) });
    expect(events.map((event) => event.slice(0, 2))).toEqual([
      ['text', 'Hello'],
      ['text', 'world'],
      ['pong', ''],
      ['text', 'Hello'],
    ]);
  });

  test('a second message that refers to the first one (section 7.2.3.2)', () => {
    const wire = hex('c107f248cdc9c90700 c105f200110000');
    const side = createSide('client', { agreement: withTakeover });
    receive(side, wire);
    expect(side.heard.events).toEqual([
      ['text', 'Hello', 9],
      ['text', 'Hello', 7],
    ]);
    const without = createSide('client');
    receive(without, wire);
    expect(without.heard.events).toEqual([
      ['text', 'Hello', 9],
      ['violation', 'invalidCompressedData', 1007, 'Invalid compressed data'],
    ]);
    expect(readFrames(without.sink.wire)[0]?.payload.readUInt16BE()).toBe(1007);
  });

  test('no history is left behind a block with BFINAL set', () => {
    const side = createSide('client', { agreement: withTakeover });
    receive(side, hex('c108f348cdc9c9070000 c107f248cdc9c90700 c108f348cdc9c9070000 c105f200110000'));
    expect(side.heard.events.map((event) => event[1])).toEqual(['Hello', 'Hello', 'Hello', 'invalidCompressedData']);
  });

  test.each([
    ['a text that is not UTF-8', frame({ opcode: 1, rsv: 4, payload: compressed(hex('48ff')) }), 'invalidUtf8'],
    ['a text that ends too early', frame({ opcode: 1, rsv: 4, payload: compressed(hex('e282')) }), 'invalidUtf8'],
    ['a block type that does not exist', frame({ opcode: 2, rsv: 4, payload: hex('ff') }), 'invalidCompressedData'],
    ['a reference to nothing', frame({ opcode: 2, rsv: 4, payload: hex('f200110000') }), 'invalidCompressedData'],
  ])('%s closes with 1007', (_what, wire, code) => {
    const events = parseEveryWay('client', wire, { decompressor: createDeflate('client') });
    expect(events).toEqual([['violation', code, 1007, expect.any(String)]]);
  });

  test('a long text that is not ASCII', () => {
    const text = 'äöü €uro 😀 '.repeat(5000);
    const wire = frame({ opcode: 1, rsv: 4, payload: compressed(text), mask: RFC_MASK });
    const events = parseEveryWay('server', wire, { decompressor: createDeflate('server') });
    expect(events).toEqual([['text', writtenText(text), wire.length]]);
  });

  test('binary messages own their bytes', () => {
    const side = createSide('client');
    const wire = (fill: number): Buffer => frame({ opcode: 2, rsv: 4, payload: compressed(Buffer.alloc(100, fill)) });
    receive(side, Buffer.concat([wire(1), wire(2)]));
    expect(side.heard.events).toEqual(
      [1, 2].map((fill) => ['binary', writtenBytes(Buffer.alloc(100, fill)), wire(1).length]),
    );
  });

  test('one connection cannot refer to what another one sent', () => {
    const [one, other] = [createSide('client'), createSide('client')];
    receive(one, hex('c107f248cdc9c90700'));
    receive(other, hex('c105f200110000'));
    expect(other.heard.events).toEqual([['violation', 'invalidCompressedData', 1007, 'Invalid compressed data']]);
    // And the first is none the worse.
    receive(one, hex('c107f248cdc9c90700'));
    expect(one.heard.count).toBe(2);
  });
});

describe.each(agreements)('messages from one side to the other, %s', (_what, agreement) => {
  test('arrive as they were, however they are cut', () => {
    const message = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 200 }),
      fc.lorem({ maxCount: 60, mode: 'sentences' }),
      fc.uint8Array({ maxLength: 500 }),
      fc.constantFrom('', 'a', 'x'.repeat(5000), noise(3000), Buffer.alloc(70_000)),
    );
    const bits = fc.constantFrom(8, 9, 12, 15);
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 8 }),
        bits,
        bits,
        fc.boolean(),
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        (messages, clientBits, serverBits, isClient, random) => {
          const windows = { clientMaxWindowBits: clientBits, serverMaxWindowBits: serverBits };
          const { client, server } = pair({ agreement: { ...agreement, ...windows } });
          const [sender, receiver] = isClient ? [client, server] : [server, client];
          const sizes = messages.map((each) =>
            typeof each === 'string'
              ? sender.endpoint.sendText(each, Buffer.byteLength(each))
              : sender.endpoint.sendBytes(each, true),
          );
          const { wire } = sender.sink;
          expect(sizes.reduce((a, b) => a + b, 0)).toBe(wire.length);
          const cuts = [0, 1, 2, 3, 4]
            .map(() => Math.floor((random.next().value ?? 0) * wire.length))
            .sort((a, b) => a - b);
          receive(receiver, wire, cuts);
          const events = receiver.heard.events.filter((event) => event[0] !== 'fragment');
          expect(events).toEqual(
            messages.map((each, i) =>
              typeof each === 'string'
                ? ['text', writtenText(each), sizes[i]]
                : ['binary', writtenBytes(each), sizes[i]],
            ),
          );
          client.deflate.close();
          server.deflate.close();
        },
      ),
      { numRuns: 150 },
    );
  });

  test('arrive when they were fragmented, with control frames in between', () => {
    const payload = compressed('a text in many fragments '.repeat(20));
    const frames: Buffer[] = [];
    for (let at = 0; at < payload.length; at++) {
      const isLast = at === payload.length - 1;
      frames.push(
        frame({ opcode: at === 0 ? 1 : 0, rsv: at === 0 ? 4 : 0, fin: isLast, payload: payload.subarray(at, at + 1) }),
      );
      frames.push(isLast ? Buffer.alloc(0) : frame({ opcode: 9 }));
    }
    const side = createSide('client', { agreement });
    receive(side, Buffer.concat(frames));
    expect(side.heard.events.at(-1)?.slice(0, 2)).toEqual([
      'text',
      writtenText('a text in many fragments '.repeat(20)),
    ]);
  });
});

describe('what is sent compressed', () => {
  test('the examples of section 7.2.3', () => {
    const { server } = pair({ agreement: withTakeover });
    expect(server.endpoint.sendText('Hello', 5)).toBe(9);
    expect(server.endpoint.sendText('Hello', 5)).toBe(7);
    expect(server.sink.wire).toEqual(hex('c107f248cdc9c90700 c105f200110000'));
  });

  test('without takeover, each message by itself, and as it is when it would not shrink', () => {
    const { server } = pair();
    const text = 'abc'.repeat(20);
    expect(server.endpoint.sendText(text, 60)).toBe(server.endpoint.sendText(text, 60));
    server.endpoint.sendText('Hello', 5);
    server.endpoint.sendBytes(noise(400), true);
    server.endpoint.sendBytes(noise(40_000), true);
    server.endpoint.sendText('', 0);
    const frames = readFrames(server.sink.wire);
    expect(frames.map(({ first }) => first)).toEqual([0xc1, 0xc1, 0x81, 0x82, 0x82, 0x81]);
    expect(frames[3]?.payload).toEqual(noise(400));
    expect(frames[4]?.payload.equals(noise(40_000))).toBe(true);
  });

  test('with takeover, in any case: what follows may refer to it', () => {
    const { client, server } = pair({ agreement: withTakeover });
    const messages = [noise(400), noise(400), Buffer.alloc(0), noise(40_000), noise(400)];
    for (const message of messages) server.endpoint.sendBytes(message, true);
    const frames = readFrames(server.sink.wire);
    expect(frames.map(({ first }) => first)).toEqual([0xc2, 0xc2, 0x82, 0xc2, 0xc2]);
    expect(frames[0]?.payload.length).toBeGreaterThan(400);
    expect(frames[1]?.payload.length).toBeLessThan(20);
    receive(client, server.sink.wire);
    const events = client.heard.events.filter((event) => event[0] === 'binary').map((event) => event[1]);
    expect(events).toEqual(messages.map((message) => writtenBytes(message)));
  });

  test('between the threshold and the limit, by default from 256 bytes without takeover, and all with it', () => {
    const sizes = [1, 2, 255, 256, 262_144, 262_145];
    for (const [agreement, options, expected] of [
      [withoutTakeover, {}, [256, 262_144]],
      [withTakeover, {}, [1, 2, 255, 256, 262_144]],
      [withoutTakeover, { threshold: 2, maxSyncCompressBytes: 255 }, [255]],
      [withTakeover, { threshold: 2, maxSyncCompressBytes: 256 }, [2, 255, 256]],
      [withTakeover, { maxSyncCompressBytes: 0 }, []],
    ] as const) {
      const { server } = pair({ agreement, options: { threshold: undefined, ...options } });
      for (const size of sizes) server.endpoint.sendText('a'.repeat(size), size);
      const isCompressed = readFrames(server.sink.wire).map(({ first }) => first === 0xc1);
      expect(sizes.filter((_, i) => isCompressed[i])).toEqual(expected);
    }
  });

  test('a compressed form that is too long to be batched is not overwritten by the next one', () => {
    for (const role of ['client', 'server'] as const) {
      const side = createSide(role, { agreement: withTakeover });
      const messages = [noise(50_000), Buffer.from(noise(50_000)).reverse(), noise(30_000)];
      for (const message of messages) side.endpoint.sendBytes(message, true);
      expect(side.sink.writtenThrough).toBeGreaterThanOrEqual(2);
      const peer = createSide(role === 'client' ? 'server' : 'client', { agreement: withTakeover });
      receive(peer, side.sink.wire);
      const events = peer.heard.events.filter((event) => event[0] === 'binary').map((event) => event[1]);
      expect(events).toEqual(messages.map((message) => writtenBytes(message)));
    }
  });

  test.each(agreements)(
    'a message that cannot be compressed is not sent, and the next one is, %s',
    (_what, agreement) => {
      let failures = 1;
      const real = deflateEngines();
      const failing = (deflater: ReturnType<DeflateEngines['createDeflater']>): typeof deflater => ({
        get output() {
          return deflater.output;
        },
        releaseOutput: () => deflater.releaseOutput(),
        close: () => deflater.close(),
        deflate: (...args) => (failures-- > 0 ? ENGINE_FAILED : deflater.deflate(...args)),
      });
      const engines: DeflateEngines = {
        ...real,
        sharedDeflater: (params) => failing(real.sharedDeflater(params)),
        createDeflater: (params) => failing(real.createDeflater(params)),
      };
      const { server } = pair({ agreement, engines });
      expect(server.endpoint.sendText('Hello Hello Hello', 17)).toBe(NOT_COMPRESSED);
      expect(server.sink.wire.length).toBe(0);
      expect(server.endpoint.sendText('Hello Hello Hello', 17)).toBeGreaterThan(0);
      expect(server.endpoint.status).toBe('open');
    },
  );

  test('engines that cannot be made are a failure to compress', () => {
    const engines: DeflateEngines = {
      ...deflateEngines(),
      createDeflater() {
        throw new Error('no memory');
      },
      createInflater() {
        throw new Error('no memory');
      },
    };
    const side = createSide('server', { agreement: withTakeover, engines });
    expect(side.endpoint.sendBytes(Buffer.alloc(100), true)).toBe(NOT_COMPRESSED);
    receive(side, frame({ opcode: 1, rsv: 4, payload: compressed('Hello'), mask: RFC_MASK }));
    expect(side.heard.events.map((event) => event.slice(0, 3))).toEqual([['violation', 'outOfMemoryBudget', 1013]]);
  });

  test('engines that do not keep their history work with any agreement about what we send', () => {
    const side = createSide('server', {
      agreement: { ...withTakeover, clientNoContextTakeover: true },
      engines: createFallbackEngines(),
    });
    const peer = createSide('client', { agreement: { ...withTakeover, clientNoContextTakeover: true } });
    const text = 'Hello, Hello, Hello';
    for (let i = 0; i < 3; i++) side.endpoint.sendText(text, text.length);
    receive(peer, side.sink.wire);
    expect(peer.heard.events.map((event) => event[1])).toEqual([text, text, text]);
  });
});

describe('memory', () => {
  const MIB = 1024 * 1024;

  test('inflaters with history are paid for by the budget, and paid back at the end', () => {
    const budget = new TestBudget(2 * (32_768 + 12_288));
    const sides = [1, 2, 3].map(() => createSide('server', { agreement: withTakeover, budget }));
    const hello = frame({ opcode: 1, rsv: 4, payload: compressed('Hello'), mask: RFC_MASK });
    expect(budget.taken).toBe(0);
    for (const side of sides) side.endpoint.receive(Buffer.from(hello), 0, hello.length);
    expect(sides.map(({ heard }) => heard.events[0]?.[1])).toEqual(['Hello', 'Hello', 'outOfMemoryBudget']);
    for (const { deflate } of sides) {
      deflate.close();
      deflate.close();
    }
    expect(budget.taken).toBe(0);
  });

  test('a connection has no engines of its own before they are needed', () => {
    const made: string[] = [];
    const real = deflateEngines();
    const engines: DeflateEngines = {
      ...real,
      createDeflater: (params) => (made.push('deflater'), real.createDeflater(params)),
      createInflater: (bits) => (made.push('inflater'), real.createInflater(bits)),
    };
    const { client, server } = pair({ agreement: withTakeover, engines });
    server.endpoint.sendBytes(Buffer.alloc(0), true);
    receive(client, server.sink.takeAll());
    expect(made).toEqual([]);
    server.endpoint.sendText('Hello', 5);
    receive(client, server.sink.takeAll());
    expect(made).toEqual(['deflater', 'inflater']);
  });

  test('a connection that failed leaves the shared engines in order for the next one', () => {
    for (const digits of ['ffffffff', 'f200110000', 'f248']) {
      receive(createSide('client'), frame({ opcode: 1, rsv: 4, payload: hex(digits) }));
      const next = createSide('client');
      receive(next, hex('c107f248cdc9c90700'));
      expect(next.heard.events).toEqual([['text', 'Hello', 9]]);
    }
  });

  test('after the end nothing is compressed or inflated, and no engine is made', () => {
    const deflate = createDeflate('server', { agreement: withTakeover });
    deflate.close();
    expect(deflate.compressText('Hello', 5)).toBeLessThan(0);
    expect(deflate.decompress(compressed('Hello'), 0, 7, 100)).toBeLessThan(0);
    expect(deflate.output.length + deflate.compressed.length).toBe(0);
  });

  const bomb = ((): Buffer => {
    const parts = Array.from({ length: 64 }, () => Buffer.alloc(16 * MIB));
    const engine = deflateEngines().createDeflater({ windowBits: 15, level: 9, memLevel: 9 });
    const pieces = parts.map((part) => {
      const length = engine.deflate(part, 0, part.length, MIB);
      return Buffer.from(engine.output.subarray(0, length));
    });
    engine.close();
    return Buffer.concat(pieces);
  })();

  test.each(
    agreements.flatMap(([what, agreement]) => [0, 65_536, 1000].map((size) => [what, size, agreement] as const)),
  )('a GiB in a MiB is given up at the limit, %s, fragments of %i bytes', (_what, size, agreement) => {
    expect(bomb.length).toBeLessThan(1.1 * MIB);
    const frames: Buffer[] = [];
    for (let at = 0; at < bomb.length; at += size || bomb.length) {
      const payload = bomb.subarray(at, at + (size || bomb.length));
      const isFirst = at === 0;
      const fin = at + payload.length === bomb.length;
      frames.push(frame({ opcode: isFirst ? 2 : 0, rsv: isFirst ? 4 : 0, fin, payload, mask: RFC_MASK }));
    }
    const wire = Buffer.concat(frames);
    const rssBefore = process.memoryUsage().rss;
    const usedBefore = usedBytes();
    for (let i = 0; i < 3; i++) {
      const side = createSide('server', { agreement });
      receive(side, wire);
      expect(side.heard.events.at(-1)).toEqual(['violation', 'messageTooBig', 1009, 'Message too big']);
      side.deflate.close();
    }
    expect(process.memoryUsage().rss - rssBefore).toBeLessThan(100 * MIB);
    expect(usedBytes() - usedBefore).toBeLessThan(8 * MIB);
  });

  test('a GiB in a MiB is given up by a client as well', () => {
    for (const [, agreement] of agreements) {
      const side = createSide('client', { agreement });
      receive(side, frame({ opcode: 1, rsv: 4, payload: bomb }));
      expect(side.heard.events.at(-1)).toEqual(['violation', 'messageTooBig', 1009, 'Message too big']);
      side.deflate.close();
    }
  });

  test('a large output is let go of once the message is delivered', () => {
    const side = createSide('server', { maxMessageBytes: 64 * MIB });
    receive(side, frame({ opcode: 1, rsv: 4, payload: compressed(Buffer.alloc(40 * MIB, 97)), mask: RFC_MASK }));
    expect(side.heard.count).toBeGreaterThan(0);
    expect(side.deflate.output.length).toBeLessThan(4 * MIB);
  });

  test.each(agreements)(
    '20 000 messages leave nothing behind, %s',
    (_what, agreement) => {
      const { client, server } = pair({ agreement });
      const run = (): void => {
        for (let i = 0; i < 10_000; i++) {
          const text = JSON.stringify({ id: i, text: 'x'.repeat(300) });
          client.endpoint.sendText(text, text.length);
          receive(server, client.sink.takeAll());
        }
      };
      run();
      const before = process.memoryUsage().rss;
      run();
      expect(server.heard.count).toBe(20_000);
      expect(process.memoryUsage().rss - before).toBeLessThan(48 * MIB);
    },
    patient(30_000),
  );
});
