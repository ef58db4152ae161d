import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { usedBytes } from '../../support/collect-garbage.ts';
import { frame, hex, RFC_MASK } from '../../support/frames.ts';
import { createParser, feed, parseEveryWay, withoutFragments } from '../../support/parse-every-way.ts';
import { type FrameEvent, writtenBytes } from '../../support/recording-frame-handler.ts';
import { TestBudget } from '../../support/test-budget.ts';

const tooBig: FrameEvent = ['violation', 'messageTooBig', 1009, 'Message too big'];
const tooMany: FrameEvent = ['violation', 'tooManyFragments', 1008, 'Too many fragments'];
const outOfBudget: FrameEvent = ['violation', 'outOfMemoryBudget', 1013, 'Too much memory in unfinished messages'];
const KIB = 1024;
const MIB = 1024 * 1024;

describe('the limit of a message, maxMessageSize', () => {
  test.each(['00 20 00 00 00 00 00 00', '7f ff ff ff ff ff ff ff', '00 00 00 00 ff ff ff ff'])(
    'ten bytes that declare %s are refused before anything is allocated',
    (length) => {
      for (const opcode of ['81', '82', '02']) {
        const [parser, handler] = createParser('client', { budget: new TestBudget() });
        const wire = hex(`${opcode} 7f ${length}`);
        const before = process.memoryUsage().arrayBuffers;
        parser.parse(wire, 0, wire.length);
        const after = process.memoryUsage().arrayBuffers;
        expect(handler.events).toEqual([tooBig]);
        expect(after - before).toBeLessThan(64 * KIB);
      }
    },
  );

  test.each([
    [false, MIB],
    [true, 16 * KIB],
  ])(
    'a declared length is believed for little until data arrives; when memory is tight (%s) for %i bytes',
    (isTight, most) => {
      for (const [declare, opcode] of [
        [16n * 1024n * 1024n, 2],
        [16n * 1024n * 1024n, 1],
        [2_000_000n, 2],
      ] as const) {
        const budget = new TestBudget();
        budget.isTight = isTight;
        const [parser] = createParser('client', { budget });
        feed(parser, frame({ opcode, declare }));
        expect(budget.taken).toBeLessThanOrEqual(most);
        parser.discard();
      }
    },
  );

  test.each([
    [false, MIB],
    [true, 16 * KIB],
  ])('what is held is at most four times what arrived; when memory is tight (%s), or %i bytes', (isTight, most) => {
    for (const opcode of [2, 1]) {
      const budget = new TestBudget();
      budget.isTight = isTight;
      const [parser, handler] = createParser('server', { budget });
      const total = 9 * MIB;
      feed(parser, frame({ opcode, declare: BigInt(total), mask: '00000000' }));
      const piece = Buffer.alloc(100_000, 0x61);
      for (let received = 0; received < total; ) {
        const count = Math.min(piece.length, total - received);
        parser.parse(piece, 0, count);
        received += count;
        expect(budget.taken).toBeLessThanOrEqual(Math.max(4 * received, most));
      }
      expect(withoutFragments(handler.events)[0]?.[2]).toBe(total + 14);
      expect(budget.taken).toBe(0);
    }
  });

  test.each<[string, number[], number]>([
    ['one frame', [101], 100],
    ['two frames', [50, 51], 100],
    ['many small frames', Array.from({ length: 101 }, () => 1), 100],
    ['an empty first frame', [0, 101], 100],
    ['nothing at all allowed', [1], 0],
  ])('%s that pass it are refused with the header that shows it', (_name, lengths, maxMessageBytes) => {
    for (const opcode of [1, 2]) {
      const frames = lengths.map((length, i) =>
        frame({ opcode: i === 0 ? opcode : 0, fin: false, payload: Buffer.alloc(length, 0x61) }),
      );
      const wire = Buffer.concat(frames);
      const events = parseEveryWay('client', wire, { maxMessageBytes });
      expect(events.at(-1)).toEqual(tooBig);
      expect(events).toHaveLength(lengths.length);
      const [parser, handler] = createParser('client', { maxMessageBytes });
      feed(parser, wire.subarray(0, wire.length - (lengths.at(-1) ?? 0)));
      expect(handler.events.at(-1)).toEqual(tooBig);
    }
  });

  test('frames that reach it exactly are a message, and control frames do not count', () => {
    const wire = Buffer.concat([
      frame({ opcode: 2, fin: false, payload: Buffer.alloc(60, 1) }),
      frame({ opcode: 9, payload: Buffer.alloc(125, 2) }),
      frame({ opcode: 0, payload: Buffer.alloc(40, 3) }),
    ]);
    expect(parseEveryWay('client', wire, { maxMessageBytes: 100 }).at(-1)?.[0]).toBe('binary');
    expect(parseEveryWay('client', wire, { maxMessageBytes: 99 }).at(-1)).toEqual(tooBig);
  });

  test('it holds for each message by itself', () => {
    const one = Buffer.concat([
      frame({ opcode: 1, fin: false, payload: 'a'.repeat(50) }),
      frame({ opcode: 0, payload: 'b'.repeat(50) }),
    ]);
    const events = parseEveryWay('client', Buffer.concat([one, one, one]), { maxMessageBytes: 100 });
    expect(events.filter((event) => event[0] === 'text')).toHaveLength(3);
  });

  test('an empty message is allowed by a limit of 0', () => {
    expect(parseEveryWay('client', hex('81 00 82 00'), { maxMessageBytes: 0 })).toHaveLength(2);
  });

  test('a text that no string could hold is refused whatever the limit', () => {
    const longest = 2n ** 29n - 24n;
    const settings = { maxMessageBytes: 2 ** 32 - 1, budget: new TestBudget() };
    expect(parseEveryWay('client', frame({ opcode: 1, declare: longest + 1n }), settings)).toEqual([tooBig]);
    const [parser, handler] = createParser('client', settings);
    feed(parser, frame({ opcode: 1, declare: longest }));
    expect(handler.count).toBe(0);
  });
});

describe('the limit of fragments, maxFragments', () => {
  const settings = { maxFragments: 5 };

  test.each([0, 1])('as many frames as allowed make a message, one more is refused: %i bytes each', (length) => {
    for (const opcode of [1, 2]) {
      const payload = Buffer.alloc(length, 0x61);
      const first = frame({ opcode, fin: false, payload });
      const more = frame({ opcode: 0, fin: false, payload });
      const last = frame({ opcode: 0, payload });
      const allowed = Buffer.concat([first, more, more, more, last]);
      expect(parseEveryWay('client', allowed, settings).at(-1)?.[0]).toBe(opcode === 1 ? 'text' : 'binary');
      const refused = Buffer.concat([first, more, more, more, more, last]);
      expect(parseEveryWay('client', refused, settings).slice(5)).toEqual([tooMany]);
    }
  });

  test('control frames in between neither count nor reset the count', () => {
    const ping = frame({ opcode: 9, payload: 'x' });
    const more = frame({ opcode: 0, fin: false });
    const frames = [frame({ opcode: 2, fin: false }), ping, more, ping, ping, more, more, ping, more];
    expect(parseEveryWay('client', Buffer.concat([...frames, ping]), settings).at(-1)?.[0]).toBe('ping');
    expect(parseEveryWay('client', Buffer.concat([...frames, more]), settings).at(-1)).toEqual(tooMany);
  });

  test('the count begins anew with each message', () => {
    const message = Buffer.concat([
      frame({ opcode: 1, fin: false }),
      frame({ opcode: 0, fin: false }),
      frame({ opcode: 0 }),
    ]);
    const events = parseEveryWay('client', Buffer.concat([message, message, message]), settings);
    expect(events.filter((event) => event[0] === 'text')).toHaveLength(3);
  });

  test('131 072 fragments are allowed, and one more is refused, empty or not', () => {
    for (const length of [0, 1]) {
      const more = frame({ opcode: 0, fin: false, payload: Buffer.alloc(length, 1) });
      const batch = Buffer.concat(Array.from({ length: 131_071 }, () => more));
      for (const isOver of [false, true]) {
        const [parser, handler] = createParser('client');
        handler.onFragment = () => undefined;
        parser.parse(frame({ opcode: 2, fin: false, payload: Buffer.alloc(length, 1) }), 0, 2 + length);
        const bytes = Buffer.from(batch);
        if (!isOver) bytes[bytes.length - 2 - length] = 0x80;
        parser.parse(bytes, 0, bytes.length);
        if (!isOver) expect(handler.events[0]?.[2]).toBe(131_072 * (2 + length));
        else {
          expect(handler.events).toEqual([]);
          parser.parse(Buffer.from(more), 0, more.length);
          expect(handler.events).toEqual([tooMany]);
        }
      }
    }
  });
});

describe('memory of an unfinished message', () => {
  test.each([1, 2])('131 000 fragments of one byte hold less than twice the payload: opcode %i', (opcode) => {
    const count = 131_000;
    const first = frame({ opcode, fin: false, payload: 'a', mask: RFC_MASK });
    const more = frame({ opcode: 0, fin: false, payload: 'a', mask: RFC_MASK });
    const budget = new TestBudget();
    const [parser, handler] = createParser('server', { budget });
    handler.onFragment = () => undefined;
    const bytes = Buffer.alloc(more.length);
    const before = usedBytes();
    parser.parse(Buffer.from(first), 0, first.length);
    for (let i = 1; i < count; i++) {
      more.copy(bytes);
      parser.parse(bytes, 0, bytes.length);
    }
    const held = usedBytes() - before;
    expect(budget.taken).toBeGreaterThanOrEqual(count);
    if (opcode === 2) expect(budget.taken).toBeLessThanOrEqual(2 * count + KIB);
    expect(held).toBeLessThan(2 * count + 400 * KIB);
    feed(parser, frame({ opcode: 0, mask: RFC_MASK }));
    expect(handler.events[0]?.[2]).toBe(count * 7 + 6);
  });

  test('a finished binary message holds little more than its length', () => {
    for (const length of [3000, 40_000, 300_000, 1_200_000]) {
      const [parser, handler] = createParser('client');
      let memory = 0;
      handler.onBinary = (data) => {
        memory = data.buffer.byteLength;
      };
      const part = Buffer.alloc(length / 10, 1);
      const frames = Array.from({ length: 10 }, (_, i) =>
        frame({ opcode: i === 0 ? 2 : 0, fin: i === 9, payload: part }),
      );
      feed(parser, Buffer.concat(frames));
      expect(memory).toBeGreaterThanOrEqual(length);
      expect(memory).toBeLessThanOrEqual(length * 1.2);
    }
  });

  // FAILS: the buffer that a large text left behind is given to, and counted for, the smallest message that follows.
  test('a small message is not refused because another connection had a large one before', () => {
    const [large] = createParser('client');
    feed(large, frame({ opcode: 1, payload: 'a'.repeat(MIB) }), [100_000, 200_000]);
    const budget = new TestBudget(64 * KIB);
    const [small, handler] = createParser('client', { budget });
    feed(small, hex('01 01 61'));
    expect(handler.events).toEqual([['fragment', 'text', 1]]);
    expect(budget.taken).toBeLessThanOrEqual(KIB);
    small.discard();
  });
});

describe('the memory budget of all connections, maxUnfinishedBytes', () => {
  test('is taken while a message is unfinished, and given back when it ends', () => {
    for (const opcode of [1, 2]) {
      const budget = new TestBudget();
      const [parser] = createParser('client', { budget });
      feed(parser, frame({ opcode, fin: false, payload: 'a'.repeat(5000) }));
      expect(budget.taken).toBeGreaterThanOrEqual(5000);
      feed(parser, frame({ opcode: 9, payload: 'x' }));
      expect(budget.taken).toBeGreaterThanOrEqual(5000);
      feed(parser, frame({ opcode: 0, payload: 'a' }));
      expect(budget.taken).toBe(0);
    }
  });

  test('is not touched by messages that arrive whole, nor by control frames in pieces', () => {
    const budget = new TestBudget(0);
    const [parser, handler] = createParser('client', { budget });
    feed(parser, frame({ opcode: 1, payload: 'a'.repeat(60_000) }));
    feed(parser, frame({ opcode: 9, payload: 'a'.repeat(125) }), [1, 50]);
    feed(parser, frame({ opcode: 8, payload: hex('03e8') }), [1, 2, 3]);
    expect(handler.events.map((event) => event[0])).toEqual(['text', 'ping', 'close']);
    expect(budget.refusals).toBe(0);
  });

  test('is back at 0 when the receiver is told', () => {
    const budget = new TestBudget();
    const [parser, handler] = createParser('client', { budget });
    const seen: number[] = [];
    handler.afterEach = () => seen.push(budget.taken);
    for (const opcode of [1, 2])
      for (const length of [10, 5000]) feed(parser, frame({ opcode, payload: 'a'.repeat(length) }), [5]);
    feed(parser, hex('01 02 61 62'));
    feed(parser, hex('80 01 ff'));
    expect(seen.filter((taken) => taken > 0)).toHaveLength(1);
    expect(seen.at(-1)).toBe(0);
  });

  test.each<[string, Buffer]>([
    ['bad text', hex('00 01 ff')],
    ['a reserved bit', hex('f0 00')],
    ['a data frame out of sequence', hex('81 00')],
    ['a message too big', hex('00 7f 00 20 00 00 00 00 00 00')],
    ['a masked frame', hex('80 80 00 00 00 00')],
    ['a bad close frame', hex('88 01 00')],
    ['a close frame', hex('88 00')],
  ])('is given back by %s', (_name, wire) => {
    const budget = new TestBudget();
    const [parser, handler] = createParser('client', { budget });
    feed(parser, frame({ opcode: 1, fin: false, payload: 'a'.repeat(3000) }));
    expect(budget.taken).toBeGreaterThan(0);
    feed(parser, wire);
    expect(['violation', 'close']).toContain(handler.events.at(-1)?.[0]);
    expect(budget.taken).toBe(0);
    parser.discard();
    expect(budget.taken).toBe(0);
  });

  test('is given back by discarding, in every phase of a frame', () => {
    const wire = Buffer.concat([
      frame({ opcode: 2, fin: false, payload: 'abc' }),
      frame({ opcode: 9, payload: 'x' }),
      frame({ opcode: 0, payload: 'a'.repeat(200) }),
    ]);
    for (let length = 0; length <= wire.length; length++) {
      const budget = new TestBudget();
      const [parser] = createParser('client', { budget });
      feed(parser, wire.subarray(0, length));
      parser.discard();
      expect(budget.taken).toBe(0);
      parser.discard();
    }
  });

  test('refuses what does not fit with 1013, and keeps nothing', () => {
    for (const wire of [
      frame({ opcode: 2, fin: false, payload: 'a'.repeat(70_000) }),
      frame({ opcode: 2, declare: 70_000n }),
      Buffer.concat(
        Array.from({ length: 700 }, (_, i) => frame({ opcode: i === 0 ? 2 : 0, fin: false, payload: 'a'.repeat(100) })),
      ),
    ]) {
      const budget = new TestBudget(64 * KIB);
      const [parser, handler] = createParser('client', { budget });
      feed(parser, wire);
      expect(withoutFragments(handler.events)).toEqual([outOfBudget]);
      expect(budget).toMatchObject({ taken: 0, refusals: 1 });
    }
  });

  test('a message that grows is refused when the budget ends, however its bytes arrive', () => {
    const budget = new TestBudget(MIB);
    const [parser, handler] = createParser('client', { budget });
    feed(parser, frame({ opcode: 2, declare: 3_000_000n }));
    const piece = Buffer.alloc(50_000);
    for (let i = 0; i < 60; i++) parser.parse(piece, 0, piece.length);
    expect(withoutFragments(handler.events)).toEqual([outOfBudget]);
    expect(budget.taken).toBe(0);
  });

  test('what one connection gives back another may take', () => {
    const budget = new TestBudget(300 * KIB);
    const [one] = createParser('client', { budget });
    feed(one, frame({ opcode: 2, fin: false, payload: Buffer.alloc(200 * KIB) }));
    const [other, otherHandler] = createParser('client', { budget });
    feed(other, frame({ opcode: 2, fin: false, payload: Buffer.alloc(200 * KIB) }));
    expect(withoutFragments(otherHandler.events)).toEqual([outOfBudget]);
    one.discard();
    const [third, thirdHandler] = createParser('client', { budget });
    feed(third, frame({ opcode: 2, fin: false, payload: Buffer.alloc(200 * KIB) }));
    expect(withoutFragments(thirdHandler.events)).toEqual([]);
  });

  test('is balanced after any sequence of frames, good or bad', () => {
    const anyFrame = fc.record({
      opcode: fc.constantFrom(0, 0, 0, 1, 2, 9, 8),
      fin: fc.boolean(),
      length: fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: 5000 })),
    });
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 15 }), fc.integer({ min: 1, max: 3000 }), (specs, size) => {
        const budget = new TestBudget();
        const [parser, handler] = createParser('client', { budget, maxMessageBytes: 10_000, maxFragments: 6 });
        const wire = Buffer.concat(
          specs.map(({ opcode, fin, length }) =>
            frame({ opcode, fin, payload: Buffer.alloc(opcode < 8 ? length : Math.min(length, 125), 0x61) }),
          ),
        );
        for (let from = 0; from < wire.length; from += size) {
          feed(parser, wire.subarray(from, from + size));
          const last = handler.events.at(-1)?.[0];
          if (last === 'violation' || last === 'close') expect(budget.taken).toBe(0);
        }
        parser.discard();
        expect(budget.taken).toBe(0);
      }),
    );
  });
});

test('the parts of a message come together in order, whatever their sizes', () => {
  const part = fc.uint8Array({ maxLength: 3000 });
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 12 }), fc.integer({ min: 1, max: 4000 }), (parts, size) => {
      const [parser, handler] = createParser('client');
      const wire = Buffer.concat(
        parts.map((payload, i) => frame({ opcode: i === 0 ? 2 : 0, fin: i === parts.length - 1, payload })),
      );
      for (let from = 0; from < wire.length; from += size) feed(parser, wire.subarray(from, from + size));
      expect(handler.events.at(-1)).toEqual(['binary', writtenBytes(Buffer.concat(parts)), wire.length]);
    }),
  );
});
