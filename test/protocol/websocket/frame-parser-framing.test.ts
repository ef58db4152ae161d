import { describe, expect, test } from 'vitest';
import { frame, hex, RFC_MASK } from '../../support/frames.ts';
import {
  bytesUntilReport,
  createParser,
  feed,
  parseEveryWay,
  parseOnce,
  type Role,
} from '../../support/parse-every-way.ts';
import { type FrameEvent, writtenBytes, writtenText } from '../../support/recording-frame-handler.ts';

/** The mask that frames to `role` have to have. */
function maskFor(role: Role): string | undefined {
  return role === 'server' ? RFC_MASK : undefined;
}

const roles: Role[] = ['client', 'server'];
const text = (length: number): string => 'abcdefghijklmnopqrstuvwxyz'.repeat(Math.ceil(length / 26)).slice(0, length);

describe('the examples of RFC 6455 section 5.7', () => {
  test.each<[string, Role, string, FrameEvent[]]>([
    ['a single-frame unmasked text message', 'client', '81 05 48 65 6c 6c 6f', [['text', 'Hello', 7]]],
    ['a single-frame masked text message', 'server', '81 85 37 fa 21 3d 7f 9f 4d 51 58', [['text', 'Hello', 11]]],
    [
      'a fragmented unmasked text message',
      'client',
      '01 03 48 65 6c  80 02 6c 6f',
      [
        ['fragment', 'text', 3],
        ['text', 'Hello', 9],
      ],
    ],
    ['an unmasked ping', 'client', '89 05 48 65 6c 6c 6f', [['ping', '48656c6c6f', 7]]],
    ['a masked pong', 'server', '8a 85 37 fa 21 3d 7f 9f 4d 51 58', [['pong', '48656c6c6f', 11]]],
    [
      '256 bytes in one unmasked frame',
      'client',
      `82 7e 01 00 ${'a5'.repeat(256)}`,
      [['binary', 'a5'.repeat(256), 260]],
    ],
    [
      '64 KiB in one unmasked frame',
      'client',
      `82 7f 00 00 00 00 00 01 00 00 ${'5a'.repeat(65536)}`,
      [['binary', writtenBytes(Buffer.alloc(65536, 0x5a)), 65546]],
    ],
  ])('%s', (_name, role, wire, expected) => {
    expect(parseEveryWay(role, hex(wire))).toEqual(expected);
  });
});

describe('section 5.2: payload lengths at the edges of their three forms', () => {
  const headers: [length: number, header: string][] = [
    [0, '00'],
    [1, '01'],
    [125, '7d'],
    [126, '7e 00 7e'],
    [127, '7e 00 7f'],
    [255, '7e 00 ff'],
    [256, '7e 01 00'],
    [65535, '7e ff ff'],
    [65536, '7f 00 00 00 00 00 01 00 00'],
    [65537, '7f 00 00 00 00 00 01 00 01'],
  ];

  test.each(headers)('a client reads %i bytes of text behind 81 %s', (length, header) => {
    const wire = Buffer.concat([hex(`81 ${header}`), Buffer.from(text(length))]);
    expect(parseEveryWay('client', wire).at(-1)).toEqual(['text', writtenText(text(length)), wire.length]);
  });

  test.each(headers)('a server reads %i bytes in a masked binary frame', (length, header) => {
    const wire = frame({ opcode: 2, payload: text(length), mask: 'c3a50f81' });
    const start = hex(`82 ${header}`);
    start[1] = (start[1] ?? 0) + 0x80;
    expect(wire.subarray(0, start.length)).toEqual(start);
    const expected = writtenBytes(Buffer.from(text(length)));
    expect(parseEveryWay('server', wire)).toEqual([['binary', expected, wire.length]]);
  });

  test.each<[number, 16 | 64]>([
    [0, 16],
    [1, 16],
    [125, 16],
    [0, 64],
    [1, 64],
    [125, 64],
    [126, 64],
    [65535, 64],
  ])('%i bytes in %i bits are refused: the length is not minimal', (length, lengthForm) => {
    for (const role of roles) {
      for (const opcode of [1, 2]) {
        const wire = frame({ opcode, payload: text(length), lengthForm, mask: maskFor(role) });
        expect(parseEveryWay(role, wire)).toEqual([
          ['violation', 'lengthNotMinimal', 1002, 'Payload length is not minimal'],
        ]);
        expect(bytesUntilReport(role, wire)).toBeLessThanOrEqual(2 + lengthForm / 8);
      }
    }
  });

  test('a continuation frame has to have a minimal length as well', () => {
    const wire = Buffer.concat([
      frame({ opcode: 1, payload: 'a', fin: false }),
      frame({ opcode: 0, payload: 'b', lengthForm: 16 }),
    ]);
    expect(parseEveryWay('client', wire)).toEqual([
      ['fragment', 'text', 1],
      ['violation', 'lengthNotMinimal', 1002, 'Payload length is not minimal'],
    ]);
  });

  test.each<[string, string, number]>([
    ['2^63', '80 00 00 00 00 00 00 00', 1002],
    ['2^63 + 5', '80 00 00 00 00 00 00 05', 1002],
    ['2^64 - 1', 'ff ff ff ff ff ff ff ff', 1002],
    ['2^63 - 1', '7f ff ff ff ff ff ff ff', 1009],
    ['2^53 + 1', '00 20 00 00 00 00 00 01', 1009],
    ['2^53', '00 20 00 00 00 00 00 00', 1009],
    ['2^53 - 1', '00 1f ff ff ff ff ff ff', 1009],
    ['2^32', '00 00 00 01 00 00 00 00', 1009],
    ['2^31', '00 00 00 00 80 00 00 00', 1009],
    ['16 MiB + 1', '00 00 00 00 01 00 00 01', 1009],
  ])('a declared length of %s is refused with the last byte of the length', (_name, length, closeCode) => {
    const violation: FrameEvent =
      closeCode === 1002
        ? ['violation', 'lengthOverflow', 1002, 'Payload length has its highest bit set']
        : ['violation', 'messageTooBig', 1009, 'Message too big'];
    for (const opcode of ['81', '82', '01', '02']) {
      expect(parseEveryWay('client', hex(`${opcode} 7f ${length}`))).toEqual([violation]);
      expect(parseEveryWay('server', hex(`${opcode} ff ${length}`))).toEqual([violation]);
    }
  });

  test('a message as long as the limit is not too big', () => {
    const wire = frame({ opcode: 2, payload: text(1000), mask: RFC_MASK });
    expect(parseEveryWay('server', wire, { maxMessageBytes: 1000 })).toHaveLength(1);
    expect(parseEveryWay('server', wire, { maxMessageBytes: 999 })).toEqual([
      ['violation', 'messageTooBig', 1009, 'Message too big'],
    ]);
  });
});

describe('section 5.2: opcodes', () => {
  const reserved = [3, 4, 5, 6, 7, 0xb, 0xc, 0xd, 0xe, 0xf];

  test.each(reserved)('opcode %i is unknown, final or not, empty or not', (opcode) => {
    for (const role of roles) {
      for (const fin of [true, false]) {
        for (const payload of ['', 'x']) {
          const wire = frame({ opcode, fin, payload, mask: maskFor(role) });
          expect(parseEveryWay(role, wire)).toEqual([['violation', 'unknownOpcode', 1002, 'Protocol error']]);
          expect(bytesUntilReport(role, wire)).toBeLessThanOrEqual(2);
        }
      }
    }
  });

  test.each(reserved)('opcode %i is unknown inside a fragmented message, too', (opcode) => {
    const wire = Buffer.concat([frame({ opcode: 2, fin: false, payload: 'x' }), frame({ opcode })]);
    expect(parseEveryWay('client', wire)).toEqual([
      ['fragment', 'binary', 1],
      ['violation', 'unknownOpcode', 1002, 'Protocol error'],
    ]);
  });

  test('the other six opcodes are known', () => {
    const wire = hex('81 00  82 00  02 00  89 00  80 00  8a 00  88 00');
    expect(parseEveryWay('client', wire)).toEqual([
      ['text', '', 2],
      ['binary', '', 2],
      ['fragment', 'binary', 0],
      ['ping', '', 2],
      ['binary', '', 4],
      ['pong', '', 2],
      ['close', 1005, '', 2],
    ]);
  });
});

describe('section 5.2: reserved bits', () => {
  const violation: FrameEvent = ['violation', 'reservedBit', 1002, 'Reserved bit used'];

  test.each([1, 2, 3, 4, 5, 6, 7])('reserved bits %i are refused on every opcode without an extension', (rsv) => {
    for (const role of roles) {
      for (let opcode = 0; opcode < 16; opcode++) {
        for (const fin of [true, false]) {
          const wire = frame({ opcode, rsv, fin, payload: 'abc', mask: maskFor(role) });
          expect(parseEveryWay(role, wire)).toEqual([violation]);
          expect(bytesUntilReport(role, wire)).toBeLessThanOrEqual(2);
        }
      }
    }
  });

  test.each([1, 2, 4])('reserved bit %i is refused between and on the fragments of a message', (rsv) => {
    for (const opcode of [0, 9]) {
      const wire = Buffer.concat([frame({ opcode: 1, fin: false, payload: 'a' }), frame({ opcode, rsv })]);
      expect(parseEveryWay('client', wire)).toEqual([['fragment', 'text', 1], violation]);
    }
  });
});

describe('section 5.1: masking', () => {
  test.each([0, 1, 2, 8, 9, 10])(
    'a server refuses an unmasked frame, and a client a masked one: opcode %i',
    (opcode) => {
      for (const fin of opcode < 8 ? [true, false] : [true]) {
        for (const payload of ['', 'Hello', text(opcode < 8 ? 300 : 125)]) {
          const context: FrameEvent[] = opcode === 0 ? [['fragment', 'text', 1]] : [];
          const before = (mask?: string): Buffer =>
            opcode === 0 ? frame({ opcode: 1, fin: false, payload: 'a', mask }) : Buffer.alloc(0);
          const unmasked = Buffer.concat([before(RFC_MASK), frame({ opcode, fin, payload })]);
          const masked = Buffer.concat([before(), frame({ opcode, fin, payload, mask: RFC_MASK })]);
          expect(parseEveryWay('server', unmasked)).toEqual([
            ...context,
            ['violation', 'unmaskedFrame', 1002, 'Client frame is not masked'],
          ]);
          expect(parseEveryWay('client', masked)).toEqual([
            ...context,
            ['violation', 'maskedFrame', 1002, 'Server frame is masked'],
          ]);
        }
      }
    },
  );

  test('the wrong role shows with the second byte', () => {
    expect(bytesUntilReport('server', frame({ opcode: 1, payload: 'Hello' }))).toBe(2);
    expect(bytesUntilReport('client', frame({ opcode: 1, payload: 'Hello', mask: RFC_MASK }))).toBe(2);
  });

  test('a mask of zeros is a mask', () => {
    const wire = hex('81 85 00 00 00 00 48 65 6c 6c 6f');
    expect(parseEveryWay('server', wire)).toEqual([['text', 'Hello', 11]]);
    expect(parseEveryWay('client', wire)).toEqual([['violation', 'maskedFrame', 1002, 'Server frame is masked']]);
  });

  test('each frame has a key of its own, control frames between fragments too', () => {
    const wire = Buffer.concat([
      frame({ opcode: 1, fin: false, payload: 'Hel', mask: '01020304' }),
      frame({ opcode: 9, payload: 'ping', mask: 'fffefdfc' }),
      frame({ opcode: 0, payload: 'lo', mask: '8090a0b0' }),
      frame({ opcode: 2, payload: 'binary', mask: '00ff00ff' }),
    ]);
    expect(parseEveryWay('server', wire)).toEqual([
      ['fragment', 'text', 3],
      ['ping', '70696e67', 10],
      ['text', 'Hello', 17],
      ['binary', '62696e617279', 12],
    ]);
  });

  test.each(['00000080', '80000000', 'ffffffff', '7fffffff', '01000000'])(
    'the key %s is applied byte by byte',
    (mask) => {
      for (const length of [1, 2, 3, 4, 5, 47, 48, 49, 50, 51, 100, 300]) {
        const payload = Buffer.from(text(length));
        const wire = frame({ opcode: 2, payload, mask });
        expect(parseEveryWay('server', wire)).toEqual([['binary', writtenBytes(payload), wire.length]]);
      }
    },
  );
});

test('of two faults in the first two bytes, one is reported', () => {
  for (let first = 0; first < 256; first++) {
    for (let second = 0; second < 256; second++) {
      const [parser, handler] = createParser('server');
      feed(parser, Buffer.from([first, second]));
      const violations = handler.events.filter((event) => event[0] === 'violation');
      const isAllowed = [0x01, 0x02, 0x81, 0x82, 0x88, 0x89, 0x8a].includes(first);
      // The length of a control frame that is too long stands in the bytes behind these.
      const isFine = isAllowed && second >= 0x80;
      if (violations.length !== (isFine ? 0 : 1)) {
        expect.fail(`${first.toString(16)} ${second.toString(16)}: ${JSON.stringify(violations)}`);
      }
    }
  }
});

test('frames that are not complete report nothing', () => {
  const wire = frame({ opcode: 1, payload: text(200), mask: RFC_MASK });
  for (let length = 0; length < wire.length; length++) {
    expect(parseOnce('server', wire.subarray(0, length))).toEqual([]);
  }
});
