import { describe, expect, it } from 'vitest';
import { describeFrame, frameFields } from '../../../src/cli/screens/frame-trace.ts';
import type { WebSocketFrame } from '../../../src/index.ts';

function frame(opcode: number, payload: string | Buffer, changes: Partial<WebSocketFrame> = {}): WebSocketFrame {
  const bytes = Buffer.from(payload as string, 'utf8');
  const rest = { incoming: true, fin: true, compressed: false, masked: false, wireSize: bytes.length + 2 };
  return { ...rest, opcode, payload: bytes, ...changes };
}

describe('a frame in words', () => {
  it.each([
    [frame(1, 'hello', { incoming: false, masked: true }), 'frame > text, fin, masked, 5 bytes: "hello"'],
    [frame(1, '', { fin: false }), 'frame < text, 0 bytes'],
    [frame(1, Buffer.from('f248cd', 'hex'), { compressed: true }), 'frame < text, fin, rsv1, 3 bytes: f2 48 cd'],
    [frame(2, Buffer.alloc(17)), `frame < binary, fin, 17 bytes: ${'00 '.repeat(16)}…`],
    [frame(2, Buffer.alloc(16)), `frame < binary, fin, 16 bytes: ${'00 '.repeat(16).trim()}`],
    [frame(0, 'rest'), 'frame < continuation, fin, 4 bytes: "rest"'],
    [frame(0, Buffer.from([0x80])), 'frame < continuation, fin, 1 byte: 80'],
    [frame(8, ''), 'frame < close, fin, 0 bytes'],
    [frame(8, Buffer.from([3, 232])), 'frame < close, fin, 2 bytes: code 1000'],
    [frame(8, Buffer.from('\u0003\u00e8bye', 'latin1')), 'frame < close, fin, 5 bytes: code 1000 "bye"'],
    [frame(8, Buffer.from([3])), 'frame < close, fin, 1 byte: 03'],
    [frame(9, ''), 'frame < ping, fin, 0 bytes'],
    [frame(10, Buffer.from([0xff, 0])), 'frame < pong, fin, 2 bytes: ff 00'],
    [frame(11, 'x'), 'frame < opcode 11, fin, 1 byte: "x"'],
  ])('%#: %j', (given, line) => {
    expect(describeFrame(given)).toBe(line);
  });

  it('shows the beginning of text, in whole characters', () => {
    expect(describeFrame(frame(1, '\u{1f600}'.repeat(40)))).toBe(
      `frame < text, fin, 160 bytes: "${'\u{1f600}'.repeat(40)}"`,
    );
    expect(describeFrame(frame(1, '\u{1f600}'.repeat(41)))).toBe(
      `frame < text, fin, 164 bytes: "${'\u{1f600}'.repeat(40)}"…`,
    );
    expect(describeFrame(frame(1, 'a'.repeat(100_000)))).toBe(`frame < text, fin, 100000 bytes: "${'a'.repeat(40)}"…`);
  });
});

describe('a frame for programs', () => {
  it('has fields, a preview, and code and reason where it closes', () => {
    const common = { incoming: true, fin: true, compressed: false, masked: false };
    expect(frameFields(frame(2, 'ab'))).toEqual({
      ...common,
      opcode: 'binary',
      length: 2,
      wireSize: 4,
      preview: '61 62',
    });
    expect(frameFields(frame(8, Buffer.from('\u0003\u00e8bye', 'latin1')))).toEqual({
      ...common,
      opcode: 'close',
      length: 5,
      wireSize: 7,
      code: 1000,
      reason: 'bye',
    });
  });
});
