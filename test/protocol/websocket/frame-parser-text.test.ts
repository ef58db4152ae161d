import { describe, expect, test } from 'vitest';
import { frame, hex, RFC_MASK } from '../../support/frames.ts';
import {
  bytesUntilReport,
  createParser,
  feed,
  parseEveryWay,
  withoutFragments,
} from '../../support/parse-every-way.ts';
import { type FrameEvent, writtenText } from '../../support/recording-frame-handler.ts';

const invalid: FrameEvent = ['violation', 'invalidUtf8', 1007, 'Invalid frame payload data'];

const badBytes: [name: string, bytes: string][] = [
  ['a continuation byte alone', '80'],
  ['the highest continuation byte alone', 'bf'],
  ['an overlong slash in two bytes', 'c0 af'],
  ['an overlong U+007F', 'c1 bf'],
  ['an overlong slash in three bytes', 'e0 80 af'],
  ['an overlong U+07FF', 'e0 9f bf'],
  ['an overlong slash in four bytes', 'f0 80 80 af'],
  ['an overlong U+FFFF', 'f0 8f bf bf'],
  ['the first surrogate', 'ed a0 80'],
  ['the last surrogate', 'ed bf bf'],
  ['a pair of surrogates', 'ed a0 bd ed b8 80'],
  ['U+110000', 'f4 90 80 80'],
  ['a lead byte beyond Unicode', 'f5 80 80 80'],
  ['five bytes', 'f8 88 80 80 80'],
  ['six bytes', 'fc 84 80 80 80 80'],
  ['FE', 'fe'],
  ['FF', 'ff'],
  ['two bytes, the second in ASCII', 'c3 41'],
  ['three bytes, the third in ASCII', 'e2 82 41'],
  ['four bytes, the third in ASCII', 'f0 9f 41 80'],
  ['four bytes, the fourth a lead', 'f0 9f 98 c3'],
  ['two lead bytes', 'c3 c3 a9'],
];

describe('text that is not UTF-8 fails the connection (section 8.1)', () => {
  test.each(badBytes)('%s', (_name, bytes) => {
    for (const before of ['', 'κόσμε', 'a'.repeat(60)]) {
      for (const after of ['', 'z', 'é'.repeat(30)]) {
        const payload = Buffer.concat([Buffer.from(before), hex(bytes), Buffer.from(after)]);
        expect(parseEveryWay('client', frame({ opcode: 1, payload }))).toEqual([invalid]);
        expect(parseEveryWay('server', frame({ opcode: 1, payload, mask: RFC_MASK }))).toEqual([invalid]);
      }
    }
  });

  test.each(['c3', 'e2', 'e2 82', 'f0', 'f0 9f', 'f0 9f 98'])('a message that ends inside a character: %s', (bytes) => {
    for (const before of ['', 'abc', 'é'.repeat(40)]) {
      const payload = Buffer.concat([Buffer.from(before), hex(bytes)]);
      expect(parseEveryWay('server', frame({ opcode: 1, payload, mask: RFC_MASK }))).toEqual([invalid]);
      const first = frame({ opcode: 1, fin: false, payload, mask: RFC_MASK });
      const fragmented = Buffer.concat([first, frame({ opcode: 0, mask: RFC_MASK })]);
      expect(parseEveryWay('server', fragmented)).toEqual([['fragment', 'text', payload.length], invalid]);
    }
  });

  test('binary is not looked at', () => {
    for (const [, bytes] of badBytes) {
      const payload = hex(bytes);
      expect(parseEveryWay('client', frame({ opcode: 2, payload }))).toEqual([
        ['binary', payload.toString('hex'), payload.length + 2],
      ]);
    }
  });
});

describe('text fails with the byte that makes it certain', () => {
  test.each<[string, number, string]>([
    ['an overlong form', 2, 'e0 80'],
    ['a surrogate', 2, 'ed a0'],
    ['beyond Unicode', 2, 'f4 90'],
    ['a lead byte that never is one', 1, 'c0'],
    ['ASCII inside a character', 3, 'e2 82 41'],
    ['the fourth byte', 4, 'f0 9f 98 20'],
  ])('%s, at byte %i, in the middle of a frame', (_name, at, bytes) => {
    const before = 'κόσμε';
    const payload = Buffer.concat([Buffer.from(before), hex(bytes), Buffer.alloc(50, 0x61)]);
    expect(bytesUntilReport('server', frame({ opcode: 1, payload, mask: RFC_MASK }))).toBe(6 + 10 + at);
    expect(bytesUntilReport('client', frame({ opcode: 1, payload }))).toBe(2 + 10 + at);
  });

  test('in the middle of a frame that would still have a megabyte to come', () => {
    const start = frame({ opcode: 1, payload: Buffer.alloc(70_000, 0x61), declare: 1_000_000n, mask: RFC_MASK });
    const bad = Buffer.from([0xff ^ 0x37, 0, 0, 0]);
    const [parser, handler] = createParser('server');
    feed(parser, start);
    expect(withoutFragments(handler.events)).toEqual([]);
    feed(parser, bad);
    expect(withoutFragments(handler.events)).toEqual([invalid]);
  });

  test('in the middle of a fragmented message, whose end nobody waits for', () => {
    const wire = Buffer.concat([
      frame({ opcode: 1, fin: false, payload: 'Hello, ', mask: RFC_MASK }),
      frame({ opcode: 0, fin: false, payload: hex('ed a0 80'), mask: RFC_MASK }),
    ]);
    expect(parseEveryWay('server', wire)).toEqual([['fragment', 'text', 7], invalid]);
    expect(bytesUntilReport('server', wire.subarray(13))).toBe(2);
    const [parser, handler] = createParser('server');
    feed(parser, wire.subarray(0, wire.length - 1));
    expect(handler.events).toEqual([['fragment', 'text', 7], invalid]);
  });

  test('when a character cut by a fragment is not continued by the next one', () => {
    const wire = hex('01 02 61 e2  89 00  80 02 41 41');
    expect(parseEveryWay('client', wire)).toEqual([['fragment', 'text', 2], ['ping', '', 2], invalid]);
    const [parser, handler] = createParser('client');
    feed(parser, wire.subarray(0, wire.length - 1));
    expect(handler.events.at(-1)).toEqual(invalid);
  });
});

describe('text that is UTF-8 is kept as it is', () => {
  test.each([
    ['an empty text', ''],
    ['a byte order mark in front', '\ufeffHello'],
    ['nothing but a byte order mark', '\ufeff'],
    ['a byte order mark in the middle', 'a\ufeffb'],
    ['non-characters', '\ufffe\uffff\ufdd0\ufdef\u{1fffe}\u{10ffff}'],
    ['the edges of each width', '\u0000\u007f\u0080\u07ff\u0800\ud7ff\ue000\uffff\u{10000}\u{10ffff}'],
    ['NUL and control characters', '\u0000\u0001\u001b[0m\r\n\u0085'],
    ['combining and right-to-left', 'e\u0301\u202e שלום 👩‍👩‍👧'],
    ['the replacement character', '\ufffd'],
    ['text long enough for each way to decode', 'Καλημέρα κόσμε, '.repeat(20)],
    ['ASCII with one other character at the end', `${'a'.repeat(200)}é`],
  ])('%s', (_name, text) => {
    const wire = frame({ opcode: 1, payload: text, mask: 'fedcba98' });
    expect(parseEveryWay('server', wire)).toEqual([['text', writtenText(text), wire.length]]);
    const unmasked = frame({ opcode: 1, payload: text });
    expect(parseEveryWay('client', unmasked)).toEqual([['text', writtenText(text), unmasked.length]]);
  });

  test('characters cut by frames, with a ping inside', () => {
    const bytes = Buffer.from('a€😀é');
    for (let cut = 0; cut <= bytes.length; cut++) {
      const wire = Buffer.concat([
        frame({ opcode: 1, fin: false, payload: bytes.subarray(0, cut), mask: RFC_MASK }),
        frame({ opcode: 9, payload: '!', mask: RFC_MASK }),
        frame({ opcode: 0, payload: bytes.subarray(cut), mask: '01020380' }),
      ]);
      expect(parseEveryWay('server', wire)).toEqual([
        ['fragment', 'text', cut],
        ['ping', '21', 7],
        ['text', 'a€😀é', wire.length - 7],
      ]);
    }
  });
});

test('each violation is a fresh start for nobody: a second bad text is not reported', () => {
  const bad = frame({ opcode: 1, payload: hex('ff') });
  expect(parseEveryWay('client', Buffer.concat([bad, bad, bad]))).toEqual([invalid]);
});
