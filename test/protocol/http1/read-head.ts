import { defaultHeadLimits, type HeadLimits } from '../../../src/protocol/http1/head/head-limits.ts';
import { HeadReader } from '../../../src/protocol/http1/head/head-reader.ts';
import { expectSame } from '../../support/expect-same.ts';

type Role = 'request' | 'response';

/** The result of a reader for some bytes, in a form that can be compared. */
export interface Outcome {
  state: string;
  /** `status code` of the failure. */
  failure: string | undefined;
  /** Everything in the head but the headers. */
  start: Record<string, unknown> | undefined;
  headers: [string, string][] | undefined;
  /** Bytes of the head; undefined while it is incomplete, and after a failure, which discards everything. */
  length: number | undefined;
}

export function outcomeOf(reader: HeadReader<Role>, length: number | undefined): Outcome {
  const { headers, ...start } = reader.head ?? { headers: undefined };
  return {
    state: reader.state,
    failure: reader.failure === undefined ? undefined : `${reader.failure.status} ${reader.failure.code}`,
    start: reader.head === undefined ? undefined : start,
    headers: headers === undefined ? undefined : [...headers],
    length: reader.state === 'complete' ? length : undefined,
  };
}

/** Feeds `bytes` cut at the given offsets, each piece in the middle of a buffer that is overwritten afterwards. */
export function readPieces(role: Role, bytes: Buffer, cuts: readonly number[], limits?: Partial<HeadLimits>): Outcome {
  const reader = new HeadReader(role, { ...defaultHeadLimits, ...limits });
  const offsets = [...cuts, bytes.length];
  let from = 0;
  for (const to of offsets) {
    const chunk = Buffer.alloc(to - from + 8, '\n');
    bytes.copy(chunk, 3, from, to);
    const end = 3 + to - from;
    const next = reader.read(chunk, 3, end);
    chunk.fill(0x58);
    if (reader.state === 'complete') return outcomeOf(reader, from + next - 3);
    expectSame(next, end, 'an unfinished or refused head consumes the whole chunk');
    from = to;
  }
  return outcomeOf(reader, undefined);
}

/** Reads `text` whole, byte by byte, in two pieces, and with bytes after it; all must agree. */
export function readEveryWay(role: Role, text: string, limits?: Partial<HeadLimits>): Outcome {
  const bytes = Buffer.from(text, 'latin1');
  const whole = readPieces(role, bytes, [], limits);
  const everyByte = Array.from({ length: bytes.length }, (_, index) => index);
  expectSame(readPieces(role, bytes, everyByte, limits), whole, 'byte by byte');
  expectSame(readPieces(role, bytes, [bytes.length >> 1], limits), whole, 'in two pieces');
  if (whole.state !== 'reading') {
    const trailing = Buffer.concat([bytes, Buffer.from('\r\n\0GET / HTTP/1.1\r\n\r\n')]);
    expectSame(readPieces(role, trailing, [], limits), whole, 'with trailing bytes');
  }
  return whole;
}
