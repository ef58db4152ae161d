import { describe, expect, test } from 'vitest';
import { frame, hex, RFC_MASK } from '../../support/frames.ts';
import { createParser, feed } from '../../support/parse-every-way.ts';
import { writtenBytes, writtenText } from '../../support/recording-frame-handler.ts';

/** Fills the pool behind `Buffer.allocUnsafe` with bytes that must not show up anywhere. */
function poisonPool(): void {
  for (let i = 0; i < 40; i++) Buffer.allocUnsafe(1000).fill(0xdd);
}

const sizes = [0, 1, 16, 125, 126, 1000, 2047, 2048, 2049, 4096, 20_000, 70_000];

function payloadOf(length: number, seed: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, i) => (i * 31 + seed) & 0x7f));
}

describe('what was delivered belongs to the receiver', () => {
  test.each(['whole', 'in pieces', 'in fragments'])('overwriting the read buffer changes nothing: %s', (how) => {
    const [parser, handler] = createParser('server');
    const readBuffer = Buffer.alloc(128 * 1024);
    const expected: string[] = [];
    for (const size of sizes) {
      for (const opcode of [1, 2, 9, 10]) {
        if (opcode > 2 && size > 125) continue;
        const payload = payloadOf(size, opcode);
        expected.push(opcode === 1 ? writtenText(payload.toString()) : writtenBytes(payload));
        const half = size >> 1;
        const wire =
          how === 'in fragments' && opcode <= 2
            ? Buffer.concat([
                frame({ opcode, fin: false, payload: payload.subarray(0, half), mask: RFC_MASK }),
                frame({ opcode: 0, payload: payload.subarray(half), mask: RFC_MASK }),
              ])
            : frame({ opcode, payload, mask: RFC_MASK });
        const cuts = how === 'in pieces' ? [Math.min(9, wire.length), wire.length] : [wire.length];
        let from = 0;
        for (const to of cuts) {
          wire.copy(readBuffer, 0, from, to);
          parser.parse(readBuffer, 0, to - from);
          readBuffer.fill(0xff);
          poisonPool();
          from = to;
        }
      }
    }
    const delivered = handler.events.filter((event) => event[0] !== 'fragment');
    expect(delivered.map((event) => event[1])).toEqual(expected);
  });

  test('messages do not share memory with each other', () => {
    const [parser, handler] = createParser('client');
    const buffers: Buffer[] = [];
    handler.onBinary = (data) => buffers.push(data);
    handler.onPing = (data) => buffers.push(data);
    handler.onPong = (data) => buffers.push(data);
    for (const size of sizes) {
      const payload = payloadOf(size, 1);
      feed(parser, frame({ opcode: 2, payload }));
      feed(parser, frame({ opcode: 2, payload }), [1, 2]);
      if (size <= 125) feed(parser, frame({ opcode: 9, payload }));
      if (size <= 125) feed(parser, frame({ opcode: 10, payload }), [2]);
    }
    const written = buffers.map((buffer) => writtenBytes(buffer));
    for (const [i, buffer] of buffers.entries()) {
      const before = Buffer.from(buffer);
      buffer.fill(0xee);
      const others = buffers.map((other) => writtenBytes(other)).filter((_, j) => j !== i);
      expect(others).toEqual(written.filter((_, j) => j !== i));
      before.copy(buffer);
    }
  });

  test('what a receiver writes into a message does not reach the next one', () => {
    const [parser, handler] = createParser('server');
    handler.onBinary = (data) => void data.fill(0x99);
    const texts: string[] = [];
    handler.onText = (text) => void texts.push(text);
    for (const size of [10, 3000, 70_000]) {
      const payload = payloadOf(size, 5);
      feed(parser, frame({ opcode: 2, payload, mask: RFC_MASK }), [7]);
      feed(parser, frame({ opcode: 1, payload, mask: RFC_MASK }), [7]);
      expect(texts.at(-1) === payload.toString()).toBe(true);
    }
  });

  test('a binary message behind a text of the same size has nothing of it, and the reverse', () => {
    const [parser, handler] = createParser('client');
    for (const size of [5000, 4000, 6000, 100]) {
      feed(parser, frame({ opcode: 1, payload: Buffer.alloc(size, 0x61) }), [50]);
      feed(parser, frame({ opcode: 2, payload: Buffer.alloc(size, 0x62) }), [50]);
      feed(parser, frame({ opcode: 1, payload: Buffer.alloc(size >> 1, 0x63) }), [50]);
    }
    const texts = handler.events.filter((event) => event[0] === 'text');
    const written = [5000, 4000, 6000, 100].flatMap((size) => ['a'.repeat(size), 'c'.repeat(size >> 1)]);
    const [fresh, freshHandler] = createParser('client');
    for (const text of written) feed(fresh, frame({ opcode: 1, payload: text }));
    expect(texts.map((event) => event[1])).toEqual(freshHandler.events.map((event) => event[1]));
    const binaries = handler.events.filter((event) => event[0] === 'binary').map((event) => event[1]);
    expect(binaries).toEqual([5000, 4000, 6000, 100].map((size) => writtenBytes(Buffer.alloc(size, 0x62))));
  });
});

describe('two parsers at once', () => {
  test('do not mix up their messages', () => {
    const [one, oneHandler] = createParser('client');
    const [other, otherHandler] = createParser('client');
    const first = frame({ opcode: 1, payload: 'é'.repeat(3000) });
    const second = frame({ opcode: 1, payload: 'è'.repeat(3000) });
    for (let round = 0; round < 3; round++) {
      for (let at = 0; at < first.length; at += 100) {
        feed(one, first.subarray(at, at + 100));
        feed(other, second.subarray(at, at + 100));
      }
    }
    const [alone, aloneHandler] = createParser('client');
    feed(alone, Buffer.concat([first, first, first, second, second, second]));
    expect([...oneHandler.events, ...otherHandler.events]).toEqual(aloneHandler.events);
  });
});

test('a parser changes nothing of a read but payloads that are masked', () => {
  const wire = Buffer.concat([
    frame({ opcode: 1, payload: 'a'.repeat(200) }),
    frame({ opcode: 9, payload: 'b' }),
    hex('82 7f 00 00 00 00 00 01 00 00 01 02 03'),
  ]);
  const [parser] = createParser('client');
  const bytes = Buffer.from(wire);
  parser.parse(bytes, 0, bytes.length);
  expect(bytes).toEqual(wire);
});
