import { describe, expect, test } from 'vitest';
import { frame, hex, RFC_MASK } from '../../support/frames.ts';
import { bytesUntilReport, createParser, feed, parseEveryWay, parseOnce } from '../../support/parse-every-way.ts';
import { type FrameEvent, writtenBytes } from '../../support/recording-frame-handler.ts';

const dataOutOfSequence: FrameEvent = [
  'violation',
  'dataOutOfSequence',
  1002,
  'Fragmentation: data message out of sequence',
];
const continuationOutOfSequence: FrameEvent = [
  'violation',
  'continuationOutOfSequence',
  1002,
  'Fragmentation: continuation opcode out of sequence',
];

describe('section 5.4: what is allowed', () => {
  test.each<[string, string, FrameEvent[]]>([
    [
      'three fragments',
      '01 01 61  00 01 62  80 01 63',
      [
        ['fragment', 'text', 1],
        ['fragment', 'text', 2],
        ['text', 'abc', 9],
      ],
    ],
    [
      'an empty first fragment',
      '02 00  80 02 01 02',
      [
        ['fragment', 'binary', 0],
        ['binary', '0102', 6],
      ],
    ],
    [
      'an empty last fragment',
      '02 02 01 02  80 00',
      [
        ['fragment', 'binary', 2],
        ['binary', '0102', 6],
      ],
    ],
    [
      'an empty fragment in the middle',
      '01 01 61  00 00  80 01 62',
      [
        ['fragment', 'text', 1],
        ['fragment', 'text', 1],
        ['text', 'ab', 8],
      ],
    ],
    [
      'nothing but empty fragments',
      '01 00  00 00  80 00',
      [
        ['fragment', 'text', 0],
        ['fragment', 'text', 0],
        ['text', '', 6],
      ],
    ],
    [
      'nothing but empty fragments, binary',
      '02 00  00 00  80 00',
      [
        ['fragment', 'binary', 0],
        ['fragment', 'binary', 0],
        ['binary', '', 6],
      ],
    ],
    [
      'control frames between fragments',
      '01 01 61  89 01 70  8a 00  00 01 62  89 00  80 01 63',
      [
        ['fragment', 'text', 1],
        ['ping', '70', 3],
        ['pong', '', 2],
        ['fragment', 'text', 2],
        ['ping', '', 2],
        ['text', 'abc', 9],
      ],
    ],
    [
      'a close frame between fragments, which ends the message as well',
      '01 01 61  88 02 03 e8',
      [
        ['fragment', 'text', 1],
        ['close', 1000, '', 4],
      ],
    ],
    [
      'one fragmented message after another',
      '01 01 61  80 01 62  02 01 63  80 01 64  81 01 65',
      [
        ['fragment', 'text', 1],
        ['text', 'ab', 6],
        ['fragment', 'binary', 1],
        ['binary', '6364', 6],
        ['text', 'e', 3],
      ],
    ],
  ])('%s', (_name, wire, expected) => {
    expect(parseEveryWay('client', hex(wire))).toEqual(expected);
  });

  test('fragments of any form of length', () => {
    const parts = [1, 126, 65536, 0, 3].map((length, index) => Buffer.alloc(length, 0x41 + index));
    const wire = Buffer.concat(
      parts.map((payload, i) => frame({ opcode: i === 0 ? 2 : 0, fin: i === 4, payload, mask: RFC_MASK })),
    );
    expect(parseEveryWay('server', wire).at(-1)).toEqual(['binary', writtenBytes(Buffer.concat(parts)), wire.length]);
  });

  test('a message cut at every byte arrives whole', () => {
    const bytes = Buffer.from('Καλημέρα κόσμε 🌍');
    const wire = Buffer.concat(
      [...bytes].map((byte, i) =>
        frame({ opcode: i === 0 ? 1 : 0, fin: i === bytes.length - 1, payload: Uint8Array.of(byte), mask: RFC_MASK }),
      ),
    );
    expect(parseEveryWay('server', wire).at(-1)).toEqual(['text', 'Καλημέρα κόσμε 🌍', wire.length]);
  });
});

describe('section 5.4: what is out of sequence', () => {
  test.each<[string, string, FrameEvent[]]>([
    ['a continuation without a message', '80 01 61', [continuationOutOfSequence]],
    ['an unfinished continuation without a message', '00 01 61', [continuationOutOfSequence]],
    ['an empty continuation without a message', '80 00', [continuationOutOfSequence]],
    ['a continuation behind a whole message', '81 01 61  80 01 62', [['text', 'a', 3], continuationOutOfSequence]],
    [
      'a continuation behind a finished message',
      '01 01 61  80 01 62  80 01 63',
      [['fragment', 'text', 1], ['text', 'ab', 6], continuationOutOfSequence],
    ],
    ['a continuation behind a ping', '89 00  80 00', [['ping', '', 2], continuationOutOfSequence]],
    ['a text inside of a text', '01 01 61  81 01 62', [['fragment', 'text', 1], dataOutOfSequence]],
    ['a binary inside of a text', '01 01 61  82 01 62', [['fragment', 'text', 1], dataOutOfSequence]],
    ['a text inside of a binary', '02 01 61  81 01 62', [['fragment', 'binary', 1], dataOutOfSequence]],
    ['an unfinished text inside of a text', '01 01 61  01 01 62', [['fragment', 'text', 1], dataOutOfSequence]],
    ['an empty text behind an empty fragment', '01 00  81 00', [['fragment', 'text', 0], dataOutOfSequence]],
    [
      'a text behind a ping inside of a message',
      '02 01 61  89 00  81 01 62',
      [['fragment', 'binary', 1], ['ping', '', 2], dataOutOfSequence],
    ],
  ])('%s', (_name, wire, expected) => {
    expect(parseEveryWay('client', hex(wire))).toEqual(expected);
  });

  test('it shows with the second byte of the frame', () => {
    expect(bytesUntilReport('client', hex('80 7e 01 00'))).toBe(2);
  });
});

test('an unfinished message is not delivered, not even when it is valid so far', () => {
  expect(parseOnce('client', hex('01 01 61  00 01 62'))).toEqual([
    ['fragment', 'text', 1],
    ['fragment', 'text', 2],
  ]);
});

test('progress inside a long frame is reported with what has arrived, and never goes back', () => {
  const wire = frame({ opcode: 2, payload: Buffer.alloc(100_000, 7), mask: RFC_MASK });
  const [parser, handler] = createParser('server');
  feed(parser, wire, [40_000, 50_000, 90_000]);
  expect(handler.events.filter((event) => event[0] === 'fragment')).toEqual([
    ['fragment', 'binary', 39_986],
    ['fragment', 'binary', 49_986],
    ['fragment', 'binary', 89_986],
  ]);
  expect(handler.events).toHaveLength(4);
});

test('a frame of up to 32 KiB reports no progress', () => {
  const wire = frame({ opcode: 2, payload: Buffer.alloc(32 * 1024, 7), mask: RFC_MASK });
  const [parser, handler] = createParser('server');
  feed(parser, wire, [10_000, 20_000]);
  expect(handler.count).toBe(1);
});
