import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nodePorts } from '../../../src/platform/node-ports.ts';
import { FrameWriter, finalFrame } from '../../../src/protocol/websocket/frames/frame-writer.ts';
import { MaskSource } from '../../../src/protocol/websocket/frames/masking.ts';
import { Opcode } from '../../../src/protocol/websocket/frames/opcodes.ts';
import { frame, hex, readFrames } from '../../support/frames.ts';
import { createParser, feed, type Role, withoutFragments } from '../../support/parse-every-way.ts';
import { writtenBytes, writtenText } from '../../support/recording-frame-handler.ts';
import { RecordingSink } from '../../support/recording-sink.ts';

/** Keys that are known beforehand, the one of RFC 6455 section 5.7 first. */
function knownMasks(): MaskSource {
  return new MaskSource((target) => {
    for (let i = 0; i < target.length; i++) target[i] = [0x37, 0xfa, 0x21, 0x3d][i % 4] ?? 0;
  });
}

function createWriter(role: Role, maxReserve?: number, masks = knownMasks()): [FrameWriter, RecordingSink] {
  const sink = new RecordingSink(maxReserve);
  return [new FrameWriter(sink, role === 'client' ? masks : undefined), sink];
}

const lengths = [0, 1, 2, 47, 48, 49, 125, 126, 127, 255, 256, 16_370, 16_376, 16_380, 16_384, 65_535, 65_536, 100_000];

describe('the examples of RFC 6455 section 5.7', () => {
  test.each<[string, Role, string]>([
    ['an unmasked text', 'server', '810548656c6c6f'],
    ['a masked text', 'client', '818537fa213d7f9f4d5158'],
  ])('%s', (_name, role, expected) => {
    const [writer, sink] = createWriter(role);
    expect(writer.writeText(0x81, 'Hello', 5)).toBe(expected.length / 2);
    expect(sink.wire.toString('hex')).toBe(expected);
    expect(writer.writeBytes(0x81, Buffer.from('Hello'))).toBe(expected.length / 2);
    expect(sink.wire.toString('hex')).toBe(expected.repeat(2));
  });

  test('a ping and the pong that answers it', () => {
    const [server, toClient] = createWriter('server');
    server.writeBytes(0x89, Buffer.from('Hello'));
    expect(toClient.wire).toEqual(hex('89 05 48 65 6c 6c 6f'));
    const [client, toServer] = createWriter('client');
    client.writeBytes(0x8a, Buffer.from('Hello'));
    expect(toServer.wire).toEqual(hex('8a 85 37 fa 21 3d 7f 9f 4d 51 58'));
  });

  test.each<[number, string]>([
    [256, '82 7e 01 00'],
    [65_536, '82 7f 00 00 00 00 00 01 00 00'],
  ])('%i bytes in one unmasked frame', (length, header) => {
    const [writer, sink] = createWriter('server');
    writer.writeBytes(0x82, Buffer.alloc(length, 0xa5));
    expect(sink.wire.equals(Buffer.concat([hex(header), Buffer.alloc(length, 0xa5)]))).toBe(true);
  });
});

describe('frames of every length', () => {
  test.each(lengths)('%i bytes: the length in its shortest form, the payload as it was', (length) => {
    const payload = Buffer.from(Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 0xff));
    const text = 'x€'.repeat(length).slice(0, length);
    const textBytes = Buffer.from(text);
    for (const mask of [undefined, '37fa213d']) {
      const [writer, sink] = createWriter(mask === undefined ? 'server' : 'client');
      const binary = frame({ opcode: 2, payload, mask });
      expect(writer.headerLength(length) + length).toBe(binary.length);
      expect(writer.writeBytes(0x82, payload)).toBe(binary.length);
      expect(sink.takeAll().equals(binary)).toBe(true);
      const encoded = frame({ opcode: 1, payload: textBytes, mask });
      expect(writer.writeText(0x81, text, textBytes.length)).toBe(encoded.length);
      expect(sink.takeAll().equals(encoded)).toBe(true);
    }
  });

  test('a payload beyond 4 GiB would have its length in both halves', () => {
    const [writer] = createWriter('server');
    expect(writer.headerLength(2 ** 32)).toBe(10);
    expect(createWriter('client')[0].headerLength(2 ** 32)).toBe(14);
  });

  test('the first byte is what it was told to be', () => {
    const [writer, sink] = createWriter('server');
    for (const first of [0x01, 0x00, 0x80, 0xc1, 0x42, 0x88]) writer.writeBytes(first, Buffer.from('a'));
    expect(sink.wire).toEqual(hex('010161 000161 800161 c10161 420161 880161'));
    expect(
      [Opcode.Continuation, Opcode.Text, Opcode.Binary, Opcode.Close, Opcode.Ping, Opcode.Pong].map(finalFrame),
    ).toEqual([0x80, 0x81, 0x82, 0x88, 0x89, 0x8a]);
  });
});

describe('masking of what is sent', () => {
  test.each(lengths)('does not touch the payload of %i bytes that was given', (length) => {
    const memory = new ArrayBuffer(length + 20);
    const payload = new Uint8Array(memory, 7, length).fill(0x5a);
    const [writer] = createWriter('client');
    writer.writeBytes(0x82, payload);
    expect(new Uint8Array(memory).subarray(7, 7 + length).every((byte) => byte === 0x5a)).toBe(true);
    expect(Buffer.from(memory, 0, 7)).toEqual(Buffer.alloc(7));
    expect(Buffer.from(memory, 7 + length)).toEqual(Buffer.alloc(13));
  });

  test('takes a new key for each frame', () => {
    let counter = 0;
    const masks = new MaskSource((target) => {
      for (let i = 0; i + 3 < target.length; i += 4) Buffer.from(target.buffer).writeUInt32BE(++counter * 0x10001, i);
    });
    const [writer, sink] = createWriter('client', 16 * 1024, masks);
    for (let i = 0; i < 50; i++) {
      if (i % 3 === 0) writer.writeText(0x81, 'abc', 3);
      else writer.writeBytes(0x82, Buffer.alloc(i % 3 === 1 ? 3 : 20_000, 1));
    }
    const keys = readFrames(sink.wire).map(({ mask }) => mask);
    expect(keys.slice(0, 3)).toEqual(['00010001', '00020002', '00030003']);
    expect(new Set(keys).size).toBe(50);
  });

  test('a server sends no key', () => {
    const [writer, sink] = createWriter('server');
    for (const length of lengths) writer.writeBytes(0x82, Buffer.alloc(length));
    expect(readFrames(sink.wire).every(({ mask }) => mask === undefined)).toBe(true);
  });

  test('a key of zeros is sent as a key', () => {
    const [writer, sink] = createWriter('client', 16 * 1024, new MaskSource((target) => target.fill(0)));
    writer.writeBytes(0x82, Buffer.from('ab'));
    expect(sink.wire).toEqual(hex('82 82 00000000 6162'));
  });
});

describe('the way out', () => {
  test('a frame that fits is written in one stretch, a longer one behind its header', () => {
    for (const role of ['server', 'client'] as const) {
      const [writer, sink] = createWriter(role, 100);
      const header = role === 'server' ? 2 : 6;
      writer.writeBytes(0x82, Buffer.alloc(100 - header));
      writer.writeText(0x81, 'a'.repeat(100 - header), 100 - header);
      expect(sink.pieces.map((piece) => piece.length)).toEqual([100, 100]);
      writer.writeBytes(0x82, Buffer.alloc(101 - header));
      writer.writeText(0x81, 'a'.repeat(101 - header), 101 - header);
      expect(sink.pieces.slice(2).map((piece) => piece.length)).toEqual([header, 101 - header, header, 101 - header]);
      expect(sink.writtenThrough).toBe(2);
    }
  });

  test('nothing empty is written through', () => {
    for (const role of ['server', 'client'] as const) {
      const [writer, sink] = createWriter(role);
      writer.writeBytes(0x8a, new Uint8Array(0));
      writer.writeText(0x81, '', 0);
      expect(sink.writtenThrough).toBe(0);
      expect(sink.pieces).toHaveLength(2);
    }
  });

  test('a part of a larger array is sent as that part', () => {
    const all = Uint8Array.from({ length: 50_000 }, (_, i) => i & 0xff);
    for (const role of ['server', 'client'] as const) {
      const [writer, sink] = createWriter(role);
      for (const length of [3, 30_000]) writer.writeBytes(0x82, all.subarray(1000, 1000 + length));
      const payloads = readFrames(sink.wire).map(({ payload }) => writtenBytes(payload));
      expect(payloads).toEqual([3, 30_000].map((length) => writtenBytes(all.subarray(1000, 1000 + length))));
    }
  });
});

test('what one role writes the other one reads', () => {
  const anyLength = fc.oneof(fc.nat({ max: 300 }), fc.constantFrom(...lengths));
  const anyMessage = fc.oneof(
    fc.record({ kind: fc.constant('text' as const), text: fc.string({ unit: 'grapheme', maxLength: 300 }) }),
    fc.record({ kind: fc.constantFrom('binary' as const, 'ping' as const, 'pong' as const), length: anyLength }),
  );
  fc.assert(
    fc.property(
      fc.constantFrom<Role>('client', 'server'),
      fc.array(anyMessage, { maxLength: 8 }),
      fc.integer({ min: 1, max: 70_000 }),
      (role, messages, size) => {
        const [writer, sink] = createWriter(role, 16 * 1024, new MaskSource(nodePorts.fillRandom));
        const expected = messages.map((message, i) => {
          if (message.kind === 'text') {
            const wireSize = writer.writeText(0x81, message.text, Buffer.byteLength(message.text));
            return ['text', writtenText(message.text), wireSize];
          }
          const isControl = message.kind !== 'binary';
          const payload = Buffer.alloc(isControl ? Math.min(message.length, 125) : message.length, 0x80 + i);
          const first = message.kind === 'binary' ? 0x82 : message.kind === 'ping' ? 0x89 : 0x8a;
          return [message.kind, writtenBytes(payload), writer.writeBytes(first, payload)];
        });
        const [parser, handler] = createParser(role === 'client' ? 'server' : 'client');
        const { wire } = sink;
        for (let from = 0; from < wire.length; from += size) feed(parser, wire.subarray(from, from + size));
        expect(withoutFragments(handler.events)).toEqual(expected);
      },
    ),
  );
});
