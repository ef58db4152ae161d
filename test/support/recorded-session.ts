import type { PerMessageDeflateAgreement } from '../../src/protocol/websocket/deflate/per-message-deflate-negotiation.ts';
import { createSide, type Side } from './deflate-pair.ts';
import { type ReadFrame, readFrames } from './frames.ts';
import type { Random } from './random.ts';

/** What a well-behaved peer sent from the opening handshake on. */
export interface RecordedSession {
  readonly bytes: Buffer;
  /** Where its frames begin; the last entry is the end. */
  readonly offsets: readonly number[];
}

const words = ['Hello', 'wörld', '€', '😀', '{"id":17,"name":"x"}', ' ', 'aaaaaaaaaaaaaaaa', '\0'];
const lengths = [0, 1, 2, 10, 60, 125, 126, 200, 700, 2000];

/**
 * Records a session of `role` with texts, bytes, fragments, pings, pongs, all of them compressed or not, and a close.
 */
export function recordSession(
  role: 'client' | 'server',
  agreement: PerMessageDeflateAgreement,
  random: Random,
): RecordedSession {
  const side = createSide(role, { agreement });
  for (let i = 1 + random.below(8); i > 0; i--) act(side, random);
  if (random.once(2)) side.endpoint.close(random.pick([1000, 1001, 3000, 4999]), random.pick(['', 'over', 'vorüber']));
  side.deflate.close();
  const bytes = side.sink.takeAll();
  return { bytes, offsets: offsetsOf(readFrames(bytes), role === 'client') };
}

function act(side: Side, random: Random): void {
  const { endpoint } = side;
  switch (random.below(6)) {
    case 0: {
      const text = textOf(random);
      endpoint.sendText(text, Buffer.byteLength(text));
      break;
    }
    case 1:
      endpoint.sendBytes(bytesOf(random), true);
      break;
    case 2:
    case 3:
      sendInFragments(side, random);
      break;
    case 4:
      endpoint.sendPing(random.bytes(random.pick([0, 4, 125])));
      break;
    default:
      endpoint.sendPong(random.bytes(random.pick([0, 4, 125])));
  }
}

function sendInFragments({ endpoint, deflate }: Side, random: Random): void {
  const isText = random.once(2);
  const content = isText ? Buffer.from(textOf(random)) : bytesOf(random);
  let first = isText ? 1 : 2;
  let payload = content;
  const length = content.length > 0 && random.once(2) ? deflate.compressBytes(content) : -1;
  if (length >= 0) {
    payload = Buffer.from(deflate.compressed.subarray(0, length));
    first |= 0x40;
  }
  for (let at = 0; ; ) {
    const end = Math.min(payload.length, at + random.pick([0, 1, 20, 500]));
    const isLast = end === payload.length && !random.once(3);
    endpoint.sendFragment(first, payload.subarray(at, end), isLast);
    if (isLast) return;
    if (random.once(3)) endpoint.sendPing(random.bytes(3));
    first = 0;
    at = end;
  }
}

function textOf(random: Random): string {
  const word = random.pick(words);
  return word.repeat(Math.ceil(random.pick(lengths) / word.length));
}

function bytesOf(random: Random): Buffer {
  const length = random.pick(lengths);
  return random.once(2) ? random.bytes(length) : Buffer.alloc(length, random.pick(words));
}

function offsetsOf(frames: readonly ReadFrame[], isMasked: boolean): number[] {
  const offsets = [0];
  let at = 0;
  for (const { payload } of frames) {
    const { length } = payload;
    at += (length < 126 ? 2 : length < 65_536 ? 4 : 10) + (isMasked ? 4 : 0) + length;
    offsets.push(at);
  }
  return offsets;
}

/** Changes a session in one to five places: bits, cuts, copies, insertions, lengths, whole frames. */
export function mutate(
  { bytes, offsets }: RecordedSession,
  others: readonly RecordedSession[],
  random: Random,
): Buffer {
  let mutated: Buffer = Buffer.from(bytes);
  for (let i = 1 + random.below(random.once(3) ? 5 : 2); i > 0 && mutated.length > 0; i--) {
    mutated = mutateOnce(mutated, offsets, random.pick(others), random);
  }
  return mutated;
}

const extremes = [0, 1, 125, 126, 127, 128, 254, 255];

function mutateOnce(bytes: Buffer, offsets: readonly number[], other: RecordedSession, random: Random): Buffer {
  // As often as not where a frame begins: a header has more to break than a payload.
  const frameAt = random.pick(offsets) % bytes.length;
  const at = random.once(2) ? Math.min(bytes.length - 1, frameAt + random.below(14)) : random.below(bytes.length);
  const end = Math.min(bytes.length, at + 1 + random.below(random.pick([2, 20, 2000])));
  switch (random.below(11)) {
    case 0:
    case 1:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      return bytes;
    case 2:
      bytes[at] = random.once(2) ? random.below(256) : random.pick(extremes);
      return bytes;
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
    case 4:
      return bytes.subarray(0, at);
    case 5:
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
    case 6:
      return Buffer.concat([bytes.subarray(0, at), random.bytes(1 + random.below(40)), bytes.subarray(at)]);
    case 7: {
      // The length: its short form, or the first bytes of a longer one.
      const second = frameAt + 1;
      if (second >= bytes.length) return bytes;
      bytes[second] = ((bytes[second] ?? 0) & 0x80) | random.pick([0, 1, 125, 126, 127, random.below(128)]);
      if (random.once(2))
        for (let i = 1; i < 9 && second + i < bytes.length; i++) bytes[second + i] = random.pick([0, 0, 255, 1]);
      return bytes;
    }
    case 8:
      // FIN, RSV or opcode.
      bytes[frameAt] = (bytes[frameAt] ?? 0) ^ random.pick([0x80, 0x40, 0x20, 0x10, 0x01, 0x02, 0x08]);
      return bytes;
    case 9: {
      const from = random.pick(other.offsets);
      return Buffer.concat([bytes.subarray(0, frameAt), other.bytes.subarray(from), bytes.subarray(frameAt)]);
    }
    default: {
      // Two stretches change places.
      const middle = random.pick(offsets) % bytes.length;
      return Buffer.concat([bytes.subarray(middle), bytes.subarray(0, middle)]);
    }
  }
}
