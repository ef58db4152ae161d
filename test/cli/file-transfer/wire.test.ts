import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ControlMessage,
  decodeContent,
  decodeControl,
  encodeControl,
  writeContentHeader,
} from '../../../src/cli/file-transfer/wire.ts';

const id = '0123456789abcdef0123456789abcdef';
const other = 'f'.repeat(32);
const sha256 = 'a'.repeat(64);

const messages: readonly ControlMessage[] = [
  { type: 'peers', senders: 0, receivers: 1, others: 2 },
  { type: 'claim', secret: id },
  { type: 'hello', receiver: id },
  { type: 'offer', transfer: id, name: 'f', files: 1, bytes: 2 ** 50 },
  { type: 'accept', transfer: id, receiver: other },
  { type: 'refuse', transfer: id, receiver: other, reason: 'no' },
  { type: 'file', transfer: id, round: 1, index: 0, name: 'a/ä', size: 0 },
  { type: 'has', transfer: id, receiver: other, round: 1, offset: 5 },
  { type: 'prefix', transfer: id, receiver: other, round: 1, offset: 5, sha256 },
  { type: 'ready', transfer: id, receiver: other, round: 1, offset: 5 },
  { type: 'start', transfer: id, round: 1, offsets: { [other]: 5 } },
  { type: 'ack', transfer: id, receiver: other, round: 1, offset: 5 },
  { type: 'lost', transfer: id, receiver: other, round: 1 },
  { type: 'end', transfer: id, round: 1, sha256 },
  { type: 'result', transfer: id, receiver: other, round: 1, isStored: false, reason: 'why', sha256: '' },
  { type: 'working', transfer: id, receiver: '' },
  { type: 'finish', transfer: id, reason: '' },
];

describe('what senders and receivers say', () => {
  it.each(messages.map((message) => [message.type, message] as const))('is understood: %s', (_, message) => {
    expect(decodeControl(encodeControl(message))).toEqual({ 'ixwebsocket.transfer': 2, ...message });
  });

  it.each(messages.map((message) => [message.type, message] as const))('lacks nothing: %s', (_, message) => {
    for (const name of Object.keys(message)) {
      const text = encodeControl(message);
      const { [name]: _removed, ...rest } = JSON.parse(text);
      expect(decodeControl(JSON.stringify(rest))).toBeUndefined();
      expect(decodeControl(JSON.stringify({ ...JSON.parse(text), [name]: [] }))).toBeUndefined();
    }
  });

  it.each([
    ['a text of others', 'hello'],
    ['other JSON', '{"type":"hello"}'],
    ['an unknown kind', '{"ixwebsocket.transfer":2,"type":"constructor"}'],
    ['a negative count', encodeControl({ type: 'peers', senders: -1, receivers: 0, others: 0 })],
    ['a count that is no whole number', encodeControl({ type: 'peers', senders: 0.5, receivers: 0, others: 0 })],
    ['too many files', encodeControl({ type: 'offer', transfer: id, name: '', files: 1_000_001, bytes: 0 })],
    ['a size beyond all numbers', encodeControl({ type: 'offer', transfer: id, name: '', files: 1, bytes: 2 ** 60 })],
    [
      'a name without an end',
      encodeControl({ type: 'offer', transfer: id, name: 'x'.repeat(5000), files: 1, bytes: 0 }),
    ],
    [
      'a text without an end',
      `{"ixwebsocket.transfer":2,"type":"hello","receiver":"${id}","x":"${'x'.repeat(70_000)}"}`,
    ],
    ['an id that is none', encodeControl({ type: 'hello', receiver: '__proto__' })],
    ['half a text', encodeControl({ type: 'hello', receiver: id }).slice(0, -1)],
  ])('is ignored: %s', (_, text) => {
    expect(decodeControl(text)).toBeUndefined();
  });

  it('is cut where a reason is long', () => {
    const text = encodeControl({ type: 'finish', transfer: id, reason: 'x'.repeat(5000) });
    expect(decodeControl(text)).toMatchObject({ reason: 'x'.repeat(1000) });
  });
});

describe('content', () => {
  it('has its place before it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(2 ** 31), fc.maxSafeNat(), (bytes, round, offset) => {
        const buffer = Buffer.concat([Buffer.alloc(29), bytes]);
        writeContentHeader(buffer, id, round, offset);
        expect(decodeContent(buffer)).toEqual({ transfer: id, round, offset, bytes: Buffer.from(bytes) });
      }),
    );
  });

  it.each([
    ['shorter than what stands before it', Buffer.alloc(28, 1)],
    ['of other programs', Buffer.alloc(100, 'a')],
    ['beyond all numbers', Buffer.alloc(100, 0x01).fill(0xff, 21, 29)],
  ])('is none: %s', (_, buffer) => {
    expect(decodeContent(buffer)).toBeUndefined();
  });
});
