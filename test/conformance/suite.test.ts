import zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { agreeAsClient, isOffered } from './agreement.ts';
import { encodeFrame, FrameReader, Op, type ReadFrame } from './frames.ts';
import { inflate } from './inflate.ts';
import { MessageCodec } from './message-codec.ts';
import { bytesOf, hex } from './payloads.ts';
import { findDifferences, findStale } from './results.ts';
import { families } from './suite.ts';
import { invalidSequences, validSequences } from './utf8-table.ts';

describe('the conformance suite', () => {
  it('has a name of its own for each case, and no result of a case that is no more', () => {
    const ids = families.flatMap((family) => family.cases.map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
    expect(findStale()).toEqual([]);
  });

  it('writes the examples of RFC 6455 section 5.7', () => {
    const key = 0x37fa213d;
    const written = (frame: Parameters<typeof encodeFrame>[0], isFromClient = false): string =>
      encodeFrame(frame, isFromClient).toString('hex');
    expect(written({ op: Op.Text, payload: 'Hello' })).toBe('810548656c6c6f');
    expect(written({ op: Op.Text, payload: 'Hello', key }, true)).toBe('818537fa213d7f9f4d5158');
    expect(written({ op: Op.Text, payload: 'Hel', fin: false })).toBe('010348656c');
    expect(written({ op: Op.Continuation, payload: 'lo' })).toBe('80026c6f');
    expect(written({ op: Op.Pong, payload: 'Hello', key }, true)).toBe('8a8537fa213d7f9f4d5158');
    expect(written({ op: Op.Binary, payload: { pattern: 'zeros', bytes: 256 } }).slice(0, 8)).toBe('827e0100');
    expect(written({ op: Op.Binary, payload: { pattern: 'zeros', bytes: 65_536 } }).slice(0, 20)).toBe(
      '827f0000000000010000',
    );
  });

  it('reads the frames that it writes, cut anywhere', () => {
    const frames: ReadFrame[] = [];
    const reader = new FrameReader((frame) => frames.push(frame));
    const sizes = [0, 1, 125, 126, 65_535, 65_536];
    for (const isFromClient of [false, true]) {
      for (const bytes of sizes) {
        const wire = encodeFrame({ op: Op.Binary, rsv: 5, payload: { pattern: 'random', bytes } }, isFromClient);
        for (let at = 0; at < 20; at++) reader.read(wire.subarray(at, at + 1));
        reader.read(wire.subarray(20));
      }
    }
    expect(frames.map(({ payload }) => payload.length)).toEqual([...sizes, ...sizes]);
    for (const { payload, isLengthMinimal, rsv } of frames) {
      expect(payload.equals(bytesOf({ pattern: 'random', bytes: payload.length }))).toBe(true);
      expect([isLengthMinimal, rsv]).toEqual([true, 5]);
    }
  });

  it('agrees with the decoder of the platform on what is UTF-8', () => {
    const isUtf8 = (bytes: Buffer): boolean => {
      try {
        new TextDecoder('utf-8', { fatal: true }).decode(bytes);
        return true;
      } catch {
        return false;
      }
    };
    for (const { name, bytes } of validSequences) expect(isUtf8(bytes), name).toBe(true);
    for (const { name, bytes } of invalidSequences) expect(isUtf8(bytes), name).toBe(false);
  });

  it('inflates what zlib deflates, and measures how far back it refers', () => {
    for (const pattern of ['json', 'random', 'utf8', 'zeros', 'ascii'] as const) {
      for (const level of [0, 1, 6, 9]) {
        const plain = bytesOf({ pattern, bytes: 50_000 });
        for (const windowBits of [9, 12, 15]) {
          const { output, maxDistance } = inflate(zlib.deflateRawSync(plain, { level, windowBits }), Buffer.alloc(0));
          expect(output.equals(plain), pattern).toBe(true);
          expect(maxDistance).toBeLessThanOrEqual(1 << windowBits);
        }
      }
    }
    const digits = bytesOf({ pattern: 'random', bytes: 2500 }).toString('hex');
    const far = Buffer.from(digits + digits.slice(0, 200));
    expect(inflate(zlib.deflateRawSync(far), Buffer.alloc(0)).maxDistance).toBe(5000);
  });

  it('notices a window that is too large, and a context that should not be there', () => {
    const params = { windowBits: 15, hasTakeover: true };
    const sender = new MessageCodec(params, params);
    const plain = bytesOf({ pattern: 'random', bytes: 3000 });
    const [first, second] = [sender.compress(plain, {}), sender.compress(plain, {})];
    const read = (windowBits: number, hasTakeover: boolean): (() => Buffer) => {
      const codec = new MessageCodec(params, { windowBits, hasTakeover });
      return () => Buffer.concat([codec.decompress(first), codec.decompress(second)]);
    };
    expect(read(15, true)().equals(Buffer.concat([plain, plain]))).toBe(true);
    expect(read(11, true)).toThrow('with a window of 11 bits');
    expect(read(15, false)).toThrow('beyond all there is');
    expect(sender.compress(Buffer.from('Hello'), { strategy: 'fixed' })).toEqual(hex('f2 48 cd c9 c9 07 00'));
  });

  it('judges answers by what was offered', () => {
    const judge =
      (offer: string, answer: string): (() => unknown) =>
      () =>
        agreeAsClient(offer, answer);
    expect(judge('permessage-deflate', 'permessage-deflate; server_max_window_bits=10')).not.toThrow();
    expect(judge('permessage-deflate', 'permessage-deflate; client_max_window_bits=10')).toThrow();
    expect(judge('permessage-deflate; server_max_window_bits=9', 'permessage-deflate')).toThrow();
    expect(judge('permessage-deflate; server_no_context_takeover', 'permessage-deflate')).toThrow();
    expect(judge('permessage-deflate', 'permessage-deflate; server_max_window_bits=7')).toThrow();
    expect(judge('permessage-deflate', 'permessage-deflate, x-other')).toThrow();
    expect(
      isOffered('permessage-deflate; client_max_window_bits', 'permessage-deflate; client_max_window_bits=8'),
    ).toBe(true);
    expect(isOffered('permessage-deflate', 'permessage-deflate; client_max_window_bits=8')).toBe(false);
  });

  it('tells a behaviour that changed, failed or is new', () => {
    const expected = new Map([
      ['a', 'ok'],
      ['b', 'ok'],
    ]);
    const results = new Map([
      ['a', 'ok'],
      ['b', 'close 1002'],
      ['c', 'ok'],
      ['d', 'FAILED: nothing came'],
    ]);
    expect(findDifferences(results, expected)).toEqual([
      'b: close 1002, in place of ok',
      'c: ok, and nothing was committed',
      'd: FAILED: nothing came',
    ]);
  });
});
