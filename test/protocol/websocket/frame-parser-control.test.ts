import { describe, expect, test } from 'vitest';
import { frame, hex, RFC_MASK } from '../../support/frames.ts';
import { bytesUntilReport, parseEveryWay, type Role } from '../../support/parse-every-way.ts';
import type { FrameEvent } from '../../support/recording-frame-handler.ts';

const roles: [Role, string | undefined][] = [
  ['client', undefined],
  ['server', RFC_MASK],
];

describe('section 5.5: control frames', () => {
  test.each([8, 9, 10])('opcode %i cannot be fragmented', (opcode) => {
    for (const [role, mask] of roles) {
      for (const payload of ['', 'abc']) {
        const wire = frame({ opcode, fin: false, payload, mask });
        expect(parseEveryWay(role, wire)).toEqual([
          ['violation', 'controlFragmented', 1002, 'Control message fragmented'],
        ]);
        expect(bytesUntilReport(role, wire)).toBeLessThanOrEqual(2);
      }
    }
  });

  test.each([8, 9, 10])('opcode %i carries at most 125 bytes', (opcode) => {
    const reasonFor = (length: number): string =>
      opcode === 9
        ? 'Ping reason control frame with payload length > 125 octets'
        : `${opcode === 8 ? 'Close' : 'Pong'} control frame with payload length ${length} > 125 octets`;
    for (const [role, mask] of roles) {
      for (const length of [126, 127, 65535, 65536]) {
        const wire = frame({ opcode, payload: Buffer.alloc(length, 0x61), mask });
        expect(parseEveryWay(role, wire)).toEqual([['violation', 'controlTooLong', 1002, reasonFor(length)]]);
        expect(bytesUntilReport(role, wire)).toBe(length < 65536 ? 4 : 10);
      }
      // A longer form than needed cannot hide in a control frame.
      for (const lengthForm of [16, 64] as const) {
        expect(parseEveryWay(role, frame({ opcode, payload: 'ab', lengthForm, mask }))).toEqual([
          ['violation', 'lengthNotMinimal', 1002, 'Payload length is not minimal'],
        ]);
      }
    }
  });

  test.each([0, 1, 2, 3, 4, 47, 48, 49, 124, 125])(
    'pings and pongs of %i bytes arrive with their payload',
    (length) => {
      const payload = Buffer.from(Array.from({ length }, (_, i) => (i * 37) & 0xff));
      for (const [role, mask] of roles) {
        const ping = frame({ opcode: 9, payload, mask });
        const pong = frame({ opcode: 10, payload, mask });
        expect(parseEveryWay(role, ping)).toEqual([['ping', payload.toString('hex'), ping.length]]);
        expect(parseEveryWay(role, pong)).toEqual([['pong', payload.toString('hex'), pong.length]]);
      }
    },
  );

  test('a short payload behind a long one has nothing of it', () => {
    const wire = Buffer.concat([
      frame({ opcode: 9, payload: Buffer.alloc(125, 0xaa) }),
      frame({ opcode: 10, payload: Buffer.alloc(3, 0xbb) }),
      frame({ opcode: 9 }),
    ]);
    expect(parseEveryWay('client', wire)).toEqual([
      ['ping', 'aa'.repeat(125), 127],
      ['pong', 'bbbbbb', 5],
      ['ping', '', 2],
    ]);
  });
});

describe('sections 5.5.1 and 7.4: close frames', () => {
  test.each<[string, string, FrameEvent]>([
    ['no payload', '88 00', ['close', 1005, '', 2]],
    ['a code alone', '88 02 03 e8', ['close', 1000, '', 4]],
    ['a code and a reason', '88 05 03 e9 62 79 65', ['close', 1001, 'bye', 7]],
    ['a reason beyond ASCII', '88 06 0f a0 e2 82 ac 21', ['close', 4000, '€!', 8]],
    ['a reason that begins with U+FEFF', '88 06 03 e8 ef bb bf 61', ['close', 1000, '\ufeffa', 8]],
    ['one byte', '88 01 03', ['violation', 'closePayloadTruncated', 1002, 'Close payload of one byte']],
    ['code 0', '88 02 00 00', ['violation', 'invalidCloseCode', 1002, 'Invalid close code: 0']],
    ['code 999', '88 02 03 e7', ['violation', 'invalidCloseCode', 1002, 'Invalid close code: 999']],
    ['code 1004', '88 02 03 ec', ['violation', 'invalidCloseCode', 1002, 'Invalid close code: 1004']],
    ['code 1005', '88 02 03 ed', ['violation', 'invalidCloseCode', 1002, 'Invalid close code: 1005']],
    ['code 1006', '88 02 03 ee', ['violation', 'invalidCloseCode', 1002, 'Invalid close code: 1006']],
    ['code 1015', '88 02 03 f7', ['violation', 'invalidCloseCode', 1002, 'Invalid close code: 1015']],
    ['code 2999', '88 02 0b b7', ['violation', 'invalidCloseCode', 1002, 'Invalid close code: 2999']],
    ['code 5000', '88 02 13 88', ['violation', 'invalidCloseCode', 1002, 'Invalid close code: 5000']],
    ['code 65535', '88 02 ff ff', ['violation', 'invalidCloseCode', 1002, 'Invalid close code: 65535']],
    ['a reason that is not UTF-8', '88 03 03 e8 ff', ['violation', 'invalidUtf8', 1007, 'Invalid frame payload data']],
    ['a cut reason', '88 04 03 e8 e2 82', ['violation', 'invalidUtf8', 1007, 'Invalid frame payload data']],
    [
      'a surrogate in the reason',
      '88 05 03 e8 ed a0 80',
      ['violation', 'invalidUtf8', 1007, 'Invalid frame payload data'],
    ],
    [
      'a bad code in front of a bad reason',
      '88 03 03 ed ff',
      ['violation', 'invalidCloseCode', 1002, 'Invalid close code: 1005'],
    ],
  ])('%s', (_name, wire, expected) => {
    expect(parseEveryWay('client', hex(wire))).toEqual([expected]);
    const masked = frame({ opcode: 8, payload: hex(wire).subarray(2), mask: '9a0b1c2d' });
    const [type, ...rest] = expected;
    const withMask = type === 'close' ? [type, ...rest.slice(0, -1), masked.length] : expected;
    expect(parseEveryWay('server', masked)).toEqual([withMask]);
  });

  test('a reason may take 123 bytes', () => {
    const reason = `${'é'.repeat(61)}!`;
    const wire = frame({ opcode: 8, payload: Buffer.concat([hex('03 e8'), Buffer.from(reason)]) });
    expect(wire).toHaveLength(127);
    expect(parseEveryWay('client', wire)).toEqual([['close', 1000, reason, 127]]);
  });

  test('nothing is read behind a close frame, not even another one', () => {
    const wire = hex('88 02 03 e8  88 02 03 e9  81 01 61  f7 7f 00');
    expect(parseEveryWay('client', wire)).toEqual([['close', 1000, '', 4]]);
  });

  test('what was sent in front of a close frame is read', () => {
    expect(parseEveryWay('client', hex('81 01 61  02 00  88 02 03 e8'))).toEqual([
      ['text', 'a', 3],
      ['fragment', 'binary', 0],
      ['close', 1000, '', 4],
    ]);
  });
});
