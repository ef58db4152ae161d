import { describe, expect, test } from 'vitest';
import type { MessageDecompressor } from '../../../src/protocol/websocket/frames/message-decompressor.ts';
import { frame, hex, RFC_MASK } from '../../support/frames.ts';
import { parseEveryWay } from '../../support/parse-every-way.ts';
import { type FrameEvent, writtenText } from '../../support/recording-frame-handler.ts';
import { TestBudget } from '../../support/test-budget.ts';

/** Not DEFLATE: each byte says how often the next one is repeated. 0 is invalid. */
class RunLengthDecompressor implements MessageDecompressor {
  output: Buffer = Buffer.alloc(0);
  readonly turnBytes: number = Number.POSITIVE_INFINITY;

  decompress(bytes: Buffer, start: number, end: number, maxBytes: number): number {
    const runs: Buffer[] = [];
    let length = 0;
    for (let at = start; at < end; at += 2) {
      const count = bytes[at] ?? 0;
      if (count === 0 || at + 1 >= end) return -1;
      length += count;
      if (length > maxBytes) return -2;
      runs.push(Buffer.alloc(count, bytes[at + 1]));
    }
    // The output of the call before is overwritten, as with shared engines.
    this.output.fill(0xdd);
    this.output = Buffer.concat([...runs, Buffer.alloc(3, 0xdd)]);
    return length;
  }

  takeUnfinished(): never {
    throw new Error('it finishes everything');
  }

  releaseOutput(): void {}
}

const settings = { decompressor: new RunLengthDecompressor(), maxMessageBytes: 1000 };
const reservedBit: FrameEvent = ['violation', 'reservedBit', 1002, 'Reserved bit used'];

describe('messages with RSV1, once a decompressor was agreed on (RFC 7692 section 6)', () => {
  test.each<[string, Buffer, FrameEvent[]]>([
    ['a text', frame({ opcode: 1, rsv: 4, payload: hex('0361 0262') }), [['text', 'aaabb', 6]]],
    ['a binary', frame({ opcode: 2, rsv: 4, payload: hex('02ff 0100') }), [['binary', 'ffff00', 6]]],
    ['text that is inflated to nothing', frame({ opcode: 1, rsv: 4 }), [['text', '', 2]]],
    ['text that is inflated to nothing, binary', frame({ opcode: 2, rsv: 4 }), [['binary', '', 2]]],
    ['text that is not ASCII', frame({ opcode: 1, rsv: 4, payload: hex('01c3 01a9') }), [['text', 'é', 6]]],
    [
      'fragments, with RSV1 on the first alone',
      Buffer.concat([
        frame({ opcode: 1, rsv: 4, fin: false, payload: hex('03') }),
        frame({ opcode: 9 }),
        frame({ opcode: 0, payload: hex('61') }),
      ]),
      [
        ['fragment', 'text', 1],
        ['ping', '', 2],
        ['text', 'aaa', 6],
      ],
    ],
    [
      'compressed and plain messages in turn',
      Buffer.concat([
        frame({ opcode: 1, payload: 'plain' }),
        frame({ opcode: 1, rsv: 4, payload: hex('0261') }),
        frame({ opcode: 1, payload: '\u0003a' }),
      ]),
      [
        ['text', 'plain', 7],
        ['text', 'aa', 4],
        ['text', '\u0003a', 4],
      ],
    ],
    ['RSV1 on a ping', frame({ opcode: 9, rsv: 4 }), [reservedBit]],
    ['RSV1 on a pong', frame({ opcode: 10, rsv: 4 }), [reservedBit]],
    ['RSV1 on a close frame', frame({ opcode: 8, rsv: 4 }), [reservedBit]],
    [
      'RSV1 on a continuation',
      Buffer.concat([frame({ opcode: 1, rsv: 4, fin: false }), frame({ opcode: 0, rsv: 4 })]),
      [['fragment', 'text', 0], reservedBit],
    ],
    ['RSV2 beside RSV1', frame({ opcode: 1, rsv: 6 }), [reservedBit]],
    ['RSV3 alone', frame({ opcode: 1, rsv: 1 }), [reservedBit]],
    [
      'data that cannot be inflated',
      frame({ opcode: 1, rsv: 4, payload: hex('00') }),
      [['violation', 'invalidCompressedData', 1007, 'Invalid compressed data']],
    ],
    [
      'text that is not UTF-8 when inflated',
      frame({ opcode: 1, rsv: 4, payload: hex('0161 01ff') }),
      [['violation', 'invalidUtf8', 1007, 'Invalid frame payload data']],
    ],
    [
      'text that ends inside a character when inflated',
      frame({ opcode: 1, rsv: 4, payload: hex('01e2 0182') }),
      [['violation', 'invalidUtf8', 1007, 'Invalid frame payload data']],
    ],
    [
      'more than the limit when inflated',
      frame({ opcode: 2, rsv: 4, payload: hex('ff00 ff00 ff00 ec00') }),
      [['violation', 'messageTooBig', 1009, 'Message too big']],
    ],
  ])('%s', (_name, wire, expected) => {
    expect(parseEveryWay('client', wire, settings)).toEqual(expected);
  });

  test('as much as the limit is allowed when inflated', () => {
    const wire = frame({ opcode: 1, rsv: 4, payload: hex('ff61 ff61 ff61 eb61'), mask: RFC_MASK });
    expect(parseEveryWay('server', wire, settings)).toEqual([['text', writtenText('a'.repeat(1000)), 14]]);
  });

  test('the compressed form is limited as well, and the memory of both ways out is given back', () => {
    for (const [payload, type] of [
      [Buffer.alloc(1100), 'violation'],
      [Buffer.alloc(1000), 'violation'],
      [hex('0361'), 'text'],
    ] as const) {
      const budget = new TestBudget();
      const wire = frame({ opcode: 1, rsv: 4, payload, mask: RFC_MASK });
      expect(parseEveryWay('server', wire, { ...settings, budget })[0]?.[0]).toBe(type);
      expect(budget.taken).toBe(0);
    }
  });
});
