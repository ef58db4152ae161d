import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FrameParser } from '../../../src/protocol/websocket/frames/frame-parser.ts';
import { frame, hex, RFC_MASK } from '../../support/frames.ts';
import { createParser, feed, parseOnce } from '../../support/parse-every-way.ts';
import type { RecordingFrameHandler } from '../../support/recording-frame-handler.ts';

/** As a connection does: what was not taken is kept, and given again once parsing may go on. */
function parseWithStops(parser: FrameParser, handler: RecordingFrameHandler, bytes: Buffer, chunkSize: number): number {
  let stops = 0;
  handler.afterEach = () => parser.stop();
  for (let from = 0; from < bytes.length; from += chunkSize) {
    let rest = Buffer.from(bytes.subarray(from, from + chunkSize));
    for (;;) {
      const before = handler.count;
      const next = parser.parse(rest, 0, rest.length);
      expect(handler.count - before, 'at most one report between two stops').toBeLessThanOrEqual(1);
      if (next === rest.length) break;
      expect(next, 'a stopped parser takes nothing').toBe(parser.parse(rest, next, rest.length));
      rest = Buffer.from(rest.subarray(next));
      stops++;
      parser.resume();
    }
    parser.resume();
  }
  return stops;
}

const mixed = Buffer.concat([
  frame({ opcode: 1, payload: 'one', mask: RFC_MASK }),
  frame({ opcode: 9, payload: 'two', mask: RFC_MASK }),
  frame({ opcode: 2, fin: false, payload: 'th', mask: RFC_MASK }),
  frame({ opcode: 10, payload: '', mask: RFC_MASK }),
  frame({ opcode: 0, fin: false, payload: '', mask: RFC_MASK }),
  frame({ opcode: 0, payload: 'ree', mask: RFC_MASK }),
  frame({ opcode: 1, payload: '', mask: RFC_MASK }),
  frame({ opcode: 1, payload: 'five '.repeat(60), mask: RFC_MASK }),
  frame({ opcode: 8, payload: hex('03e8'), mask: RFC_MASK }),
]);

describe('a stopped parser', () => {
  test('returns where the next message begins, also when stopped inside of a callback', () => {
    const [parser, handler] = createParser('client');
    const bytes = hex('81 01 61  81 01 62  81 01 63');
    handler.afterEach = () => parser.stop();
    expect(parser.parse(bytes, 0, bytes.length)).toBe(3);
    expect(handler.events).toEqual([['text', 'a', 3]]);
    expect(parser.parse(bytes, 3, bytes.length), 'still stopped').toBe(3);
    parser.resume();
    expect(parser.parse(bytes, 3, bytes.length)).toBe(6);
    handler.afterEach = undefined;
    parser.resume();
    expect(parser.parse(bytes, 6, bytes.length)).toBe(9);
    expect(handler.events.map((event) => event[1])).toEqual(['a', 'b', 'c']);
  });

  test('takes nothing when it was stopped before', () => {
    const [parser, handler] = createParser('client');
    parser.stop();
    const bytes = hex('00 81 01 61');
    expect(parser.parse(bytes, 1, 4)).toBe(1);
    expect(handler.count).toBe(0);
    expect(bytes).toEqual(hex('00 81 01 61'));
    parser.resume();
    expect(parser.parse(bytes, 1, 4)).toBe(4);
    expect(handler.events).toEqual([['text', 'a', 3]]);
  });

  test('finishes the frame that it is in', () => {
    const [parser, handler] = createParser('client');
    feed(parser, hex('81 03 61'));
    parser.stop();
    const bytes = hex('62 63 81 01 64');
    expect(parser.parse(bytes, 0, 5)).toBe(2);
    expect(handler.events).toEqual([['text', 'abc', 5]]);
  });

  test('leaves the bytes behind it masked as they were', () => {
    const [parser, handler] = createParser('server');
    handler.afterEach = () => parser.stop();
    const bytes = Buffer.from(mixed);
    const next = parser.parse(bytes, 0, bytes.length);
    expect(bytes.subarray(next)).toEqual(mixed.subarray(next));
  });

  test('can be resumed inside of the same callback', () => {
    const [parser, handler] = createParser('server');
    handler.afterEach = () => {
      parser.stop();
      parser.resume();
    };
    feed(parser, mixed);
    expect(handler.events).toEqual(parseOnce('server', mixed));
  });

  test('still takes everything behind a close frame or a violation', () => {
    for (const wire of ['88 00 81 01 61', 'ff 00 81 01 61']) {
      const [parser, handler] = createParser('client');
      handler.afterEach = () => parser.stop();
      feed(parser, hex(wire));
      expect(handler.count).toBe(1);
    }
  });

  test.each([1, 2, 3, 5, 7, 16, 64, 1000])(
    'reports each thing once when it stops after all of them, reads of %i',
    (size) => {
      const [parser, handler] = createParser('server');
      parseWithStops(parser, handler, mixed, size);
      expect(handler.events).toEqual(parseOnce('server', mixed));
    },
  );

  test('gives 64 KiB of messages of two bytes one by one', () => {
    const one = frame({ opcode: 1, payload: 'ab', mask: RFC_MASK });
    const wire = Buffer.concat(Array.from({ length: 65_536 / one.length }, () => one));
    const [parser, handler] = createParser('server');
    const bytes = Buffer.from(wire);
    let at = 0;
    let stops = 0;
    handler.afterEach = () => {
      if (handler.count % 64 === 0) parser.stop();
    };
    for (; at < bytes.length; stops++) {
      parser.resume();
      const next = parser.parse(bytes, at, bytes.length);
      expect(next - at).toBe(64 * 8);
      at = next;
    }
    expect(stops).toBe(128);
    expect(handler.count).toBe(8192);
    expect(handler.events.every((event) => event[0] === 'text' && event[1] === 'ab' && event[2] === 8)).toBe(true);
  });

  test('loses nothing and repeats nothing, wherever it is stopped and however the bytes arrive', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ opcode: fc.constantFrom(1, 2, 9, 10), length: fc.nat({ max: 140 }) }), { maxLength: 12 }),
        fc.integer({ min: 1, max: 200 }),
        (specs, size) => {
          const frames = specs.map(({ opcode, length }, i) =>
            frame({
              opcode,
              payload: Buffer.alloc(opcode > 2 ? Math.min(length, 125) : length, 65 + i),
              mask: '11223384',
            }),
          );
          const wire = Buffer.concat(frames);
          const [parser, handler] = createParser('server');
          const stops = parseWithStops(parser, handler, wire, size);
          expect(handler.events).toEqual(parseOnce('server', wire));
          expect(stops).toBeLessThanOrEqual(frames.length);
        },
      ),
    );
  });
});

describe('discarding inside of a callback', () => {
  test('ends parsing at once, whatever the callback', () => {
    const events = parseOnce('server', mixed);
    for (let after = 1; after <= events.length; after++) {
      for (const size of [1, 7, mixed.length]) {
        const [parser, handler] = createParser('server');
        handler.afterEach = () => {
          if (handler.count === after) parser.discard();
        };
        for (let from = 0; from < mixed.length; from += size) feed(parser, mixed.subarray(from, from + size));
        expect(handler.events).toEqual(events.slice(0, after));
      }
    }
  });

  test('between two reads forgets the message that was under way', () => {
    const [parser, handler] = createParser('server');
    feed(parser, mixed.subarray(0, mixed.length - 30));
    const { count } = handler;
    parser.discard();
    feed(parser, mixed.subarray(mixed.length - 30));
    feed(parser, mixed);
    expect(handler.count).toBe(count);
  });
});
