import { isUtf8 } from 'node:buffer';
import type { FrameParserOptions } from '../../src/protocol/websocket/frames/frame-handler.ts';
import { FrameParser } from '../../src/protocol/websocket/frames/frame-parser.ts';
import { simdMemory } from '../../src/util/simd-memory.ts';
import { expectSame } from './expect-same.ts';
import { frame, RFC_MASK } from './frames.ts';
import { type FrameEvent, RecordingFrameHandler } from './recording-frame-handler.ts';

export type Role = 'client' | 'server';
export type ParserSettings = Partial<Omit<FrameParserOptions, 'handler' | 'expectMasked'>>;

const FILLER = 0xa5;
/** All ways to cut in two are tried up to this length. */
const SPLIT_BYTES = 300;

/** A parser with the library's default limits, as `role` has it. */
export function createParser(role: Role, settings: ParserSettings = {}): [FrameParser, RecordingFrameHandler] {
  const handler = new RecordingFrameHandler();
  const parser = new FrameParser({
    handler,
    expectMasked: role === 'server',
    maxMessageBytes: 16 * 1024 * 1024,
    maxFragments: 131_072,
    isUtf8,
    ...settings,
  });
  return [parser, handler];
}

/**
 * Feeds `bytes` cut at `cuts`. Each piece lies at another offset, every other one in the memory where vectors unmask,
 * between bytes that must not change, and is overwritten as soon as the parser returns.
 */
export function feed(parser: FrameParser, bytes: Buffer, cuts: readonly number[] = []): void {
  let from = 0;
  for (const to of [...cuts, bytes.length]) {
    const start = 8 + (from % 5);
    const end = start + to - from;
    const isShared = from % 2 === 0 && end + 24 <= simdMemory.byteLength;
    const chunk = isShared ? Buffer.from(simdMemory, from % 16, end + 8).fill(FILLER) : Buffer.alloc(end + 8, FILLER);
    bytes.copy(chunk, start, from, to);
    let next = parser.parse(chunk, start, end);
    while (parser.mustWait) {
      parser.goOn();
      next = parser.parse(chunk, next, end);
    }
    // Not by `expect`, which is slow where it is called for every byte.
    if (next !== end) throw new Error(`a parser that was not stopped came to ${next} of ${end}`);
    for (let i = 0; i < start; i++) if (chunk[i] !== FILLER) throw new Error('a byte before the piece changed');
    for (let i = end; i < chunk.length; i++)
      if (chunk[i] !== FILLER) throw new Error('a byte behind the piece changed');
    chunk.fill(0xff);
    from = to;
  }
}

/** The reports of a fresh parser for `bytes` cut at `cuts`. */
export function parseOnce(
  role: Role,
  bytes: Buffer,
  cuts: readonly number[] = [],
  settings: ParserSettings = {},
): FrameEvent[] {
  const [parser, handler] = createParser(role, settings);
  feed(parser, bytes, cuts);
  return handler.events;
}

/**
 * Parses `bytes`, which end with a frame, whole, byte by byte, cut in two at every place, and with bytes after them:
 * the next frame is seen after a success, and nothing after a failure or a close frame. All must agree; the events of
 * the first way are returned.
 */
export function parseEveryWay(role: Role, bytes: Buffer, settings: ParserSettings = {}): FrameEvent[] {
  const whole = parseOnce(role, bytes, [], settings);
  const hasProgress = bytes.length > 32 * 1024;
  const comparable = (events: FrameEvent[]): FrameEvent[] => (hasProgress ? withoutFragments(events) : events);
  const compare = (input: Buffer, cuts: number[], expected: FrameEvent[], how: string): void =>
    expectSame(comparable(parseOnce(role, input, cuts, settings)), expected, how);

  const expected = comparable(whole);
  const everyByte = Array.from({ length: bytes.length - 1 }, (_, index) => index + 1);
  compare(bytes, everyByte, expected, 'byte by byte');
  const [parser, handler] = createParser(role, settings);
  parser.parse(Buffer.from(bytes), 0, bytes.length);
  expectSame(comparable(handler.events), expected, 'in ordinary memory');
  const cuts = bytes.length <= SPLIT_BYTES ? everyByte : [1, 2, 3, 4, 5, 10, 14, bytes.length >> 1, bytes.length - 1];
  for (const cut of cuts) compare(bytes, [cut], expected, `cut at ${cut}`);

  const ping = frame({ opcode: 9, payload: 'next', mask: role === 'server' ? RFC_MASK : undefined });
  const isOver = ['violation', 'close'].includes(whole.at(-1)?.[0] ?? '');
  const behind = isOver ? Buffer.concat([ping, Buffer.alloc(300, 0xff), ping]) : ping;
  const withNext: FrameEvent[] = isOver ? expected : [...expected, ['ping', '6e657874', ping.length]];
  for (const cuts of [[], [bytes.length], [bytes.length - 1, bytes.length + 1]]) {
    compare(Buffer.concat([bytes, behind]), cuts, withNext, `with bytes after it, cut at [${cuts.join()}]`);
  }
  return whole;
}

/** Counts the bytes, one after the other, that it takes until something is reported. */
export function bytesUntilReport(role: Role, bytes: Buffer, settings: ParserSettings = {}): number {
  const [parser, handler] = createParser(role, settings);
  for (let at = 0; at < bytes.length; at++) {
    feed(parser, bytes.subarray(at, at + 1));
    if (handler.count > 0) return at + 1;
  }
  return Number.POSITIVE_INFINITY;
}

/** Progress inside a long frame depends on how its bytes arrive. */
export function withoutFragments(events: readonly FrameEvent[]): FrameEvent[] {
  return events.filter((event) => event[0] !== 'fragment');
}
