import { createHash } from 'node:crypto';
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chooseEngines, deflateEngines } from '../../src/platform/deflate-engines.ts';
import { createZlibEngines, MAX_STREAMS_IN_MESSAGE } from '../../src/platform/zlib-engine.ts';
import { createFallbackEngines } from '../../src/platform/zlib-fallback.ts';
import { worksAsExpected } from '../../src/platform/zlib-self-test.ts';
import {
  type DeflateEngines,
  ENGINE_FAILED,
  ENGINE_TOO_BIG,
  ENGINE_UNFINISHED,
  type RawDeflater,
  type RawInflater,
} from '../../src/protocol/ports.ts';
import { emptyBlocks } from '../support/bomb.ts';
import { hex } from '../support/frames.ts';
import { patient } from '../support/patience.ts';

const params = { windowBits: 15, level: 6, memLevel: 8 };
const MIB = 1024 * 1024;

/** The output of an engine for `bytes`, without the tail; or the negative result. */
function deflate(engine: RawDeflater, bytes: Uint8Array | string, maxBytes = 64 * MIB): Buffer | number {
  const input = Buffer.from(bytes);
  const length = engine.deflate(input, 0, input.length, maxBytes);
  if (length < 0) return length;
  const output = Buffer.from(engine.output.subarray(0, length));
  expect(output.subarray(-4).toString('hex')).toBe('0000ffff');
  return output.subarray(0, -4);
}

function deflated(engine: RawDeflater, bytes: Uint8Array | string): Buffer {
  const result = deflate(engine, bytes);
  if (typeof result === 'number') throw new Error(`result ${result}`);
  return result;
}

function inflate(engine: RawInflater, bytes: Uint8Array, maxBytes = 64 * MIB): Buffer | number {
  const input = Buffer.concat([Buffer.from('before'), bytes, Buffer.from('behind')]);
  const length = engine.inflate(input, 6, input.length - 6, maxBytes);
  return length < 0 ? length : Buffer.from(engine.output.subarray(0, length));
}

function inflatedText(engine: RawInflater, digits: string): string {
  const result = inflate(engine, hex(digits));
  if (typeof result === 'number') throw new Error(`result ${result}`);
  return result.toString();
}

/** `toEqual` takes its time over long buffers. */
function expectSame(result: Buffer | number, expected: Buffer): void {
  expect(Buffer.isBuffer(result) && result.equals(expected)).toBe(true);
}

/** Bytes that cannot be compressed, always the same. */
function noise(length: number): Buffer {
  return createHash('shake256', { outputLength: length }).update('noise').digest();
}

/** As Node's documented functions compress it. */
function reference(bytes: Uint8Array | string): Buffer {
  return deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

const kinds: [string, () => DeflateEngines][] = [
  ['zlib handles', createZlibEngines],
  ['the fallback', createFallbackEngines],
];

describe.each(kinds)('engines on %s', (_name, create) => {
  const engines = create();
  const inflater = engines.sharedInflater();
  const deflater = engines.sharedDeflater(params);

  test('pass the self-test, or are known not to keep their history', () => {
    expect(worksAsExpected(engines)).toBe(engines.canKeepHistory);
  });

  test('what is deflated is inflated to what it was, at every length around a step', () => {
    for (const length of [0, 1, 2, 100, 16_383, 16_384, 16_385, 65_535, 65_536, 65_537, MIB]) {
      for (const bytes of [Buffer.alloc(length), noise(length)]) {
        expectSame(inflate(inflater, deflated(deflater, bytes)), bytes);
      }
    }
  });

  test('both agree with the documented functions of Node', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
        const compressed = deflated(deflater, bytes);
        const whole = inflateRawSync(compressed, { finishFlush: constants.Z_SYNC_FLUSH });
        expect(whole.equals(bytes)).toBe(true);
        expect(inflate(inflater, reference(bytes))).toEqual(Buffer.from(bytes));
      }),
    );
  });

  test('the limit is exact', () => {
    for (const length of [1, 100, 16_384, 20_000, MIB]) {
      const compressed = reference(Buffer.alloc(length));
      expectSame(inflate(inflater, compressed, length), Buffer.alloc(length));
      expect(inflate(inflater, compressed, length - 1)).toBe(ENGINE_TOO_BIG);
    }
  });

  test('a compressed form beyond what is wanted is not made', () => {
    expect(deflate(deflater, noise(1000), 1000)).toBe(ENGINE_TOO_BIG);
    expect(deflate(deflater, 'Hello', 10)).toBe(ENGINE_TOO_BIG);
    expect(deflate(deflater, 'Hello', 11)).toEqual(hex('f248cdc9c90700'));
  });

  // RFC 7692 section 7.2.3, in its order.
  test.each([
    ['one block', 'f248cdc9c90700', 'Hello'],
    ['a block without compression', '000500faff48656c6c6f00', 'Hello'],
    ['a block with BFINAL set', 'f348cdc9c9070000', 'Hello'],
    ['two blocks', 'f248050000 00ffffcac9c90700', 'Hello'],
    ['nothing', '00', ''],
    ['nothing at all, not even the byte for it', '', ''],
    ['a block with BFINAL set and no byte behind it', 'f348cdc9c90700', 'Hello'],
    ['blocks behind one with BFINAL set', 'f348cdc9c90700 f348cdc9c90700 f248cdc9c90700', 'HelloHelloHello'],
    ['an empty block with BFINAL set', '030000', ''],
    ['the tail in the middle', 'f248cdc9c907000000ffff f248cdc9c90700', 'HelloHello'],
    ['a block without compression that holds a tail', '000400fbff0000ffff00', '\0\0\ufffd\ufffd'],
  ])('inflates %s', (_what, digits, text) => {
    expect(inflatedText(inflater, digits)).toBe(text);
    // The engine is none the worse.
    expect(inflatedText(inflater, 'f248cdc9c90700')).toBe('Hello');
  });

  test.each([
    ['a block type that does not exist', 'ffffffff'],
    ['lengths that do not agree', '000500fafe48656c6c6f00'],
    ['a reference to before the beginning', 'f200110000'],
    ['a reference over a block with BFINAL set', 'f348cdc9c90700 f200110000'],
    ['garbage behind a block with BFINAL set', 'f348cdc9c90700 ffffffff'],
  ])('refuses %s, and works on', (_what, digits) => {
    for (let i = 0; i < 3; i++) {
      expect(inflate(inflater, hex(digits))).toBe(ENGINE_FAILED);
      expect(inflatedText(inflater, 'f248cdc9c90700')).toBe('Hello');
    }
  });

  test('a message of nothing but final blocks ends', { timeout: patient(30_000) }, () => {
    const ends = (count: number): Buffer => Buffer.alloc(2 * count, hex('0300'));
    expect(inflate(inflater, ends(100))).toEqual(Buffer.alloc(0));
    expect(inflate(inflater, ends(MAX_STREAMS_IN_MESSAGE + 2))).toBe(ENGINE_FAILED);
  });

  test('whatever arrives, nothing is thrown and the next message is inflated', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const result = inflate(inflater, bytes, 1000);
        expect(typeof result === 'number' ? result < 0 : result.length <= 1000).toBe(true);
        expect(inflatedText(inflater, 'f248cdc9c90700')).toBe('Hello');
      }),
      { numRuns: 2000 },
    );
  });

  test('a valid message with some bytes changed throws nothing', () => {
    const valid = reference(JSON.stringify(Array.from({ length: 60 }, (_, id) => ({ id, name: `name ${id % 7}` }))));
    const mutations = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(mutations, (changes) => {
        const bytes = Buffer.from(valid);
        for (const [at, value] of changes) bytes[at] = value;
        const result = inflate(inflater, bytes, 100_000);
        expect(typeof result === 'number' ? result < 0 : result.length <= 100_000).toBe(true);
      }),
      { numRuns: 2000 },
    );
    expect(inflate(inflater, valid)).toEqual(inflateRawSync(valid, { finishFlush: constants.Z_SYNC_FLUSH }));
  });

  test('shared engines carry nothing from one message to the next', () => {
    const first = deflated(deflater, 'a secret of one connection');
    expect(deflated(deflater, 'a secret of one connection')).toEqual(first);
    expect(inflate(inflater, first)).toEqual(Buffer.from('a secret of one connection'));
    expect(inflate(inflater, hex('f200110000'))).toBe(ENGINE_FAILED);
  });

  test('no match reaches further back than the window, one of 8 bits included', () => {
    for (const windowBits of [8, 9, 10, 15]) {
      const engine = engines.sharedDeflater({ ...params, windowBits });
      for (const length of [200, 260, 300, 600, 5000]) {
        const part = noise(length);
        const repeated = Buffer.concat([part, part, part]);
        expect(farthestMatch(deflated(engine, repeated))).toBeLessThanOrEqual(2 ** windowBits);
      }
    }
  });

  test('20 000 messages leave no memory behind', { timeout: patient(30_000) }, () => {
    const message = Buffer.from(JSON.stringify({ text: 'x'.repeat(500) }));
    const run = (): void => {
      for (let i = 0; i < 10_000; i++) inflate(inflater, deflated(deflater, message));
    };
    run();
    const before = process.memoryUsage();
    run();
    const after = process.memoryUsage();
    expect(after.rss - before.rss).toBeLessThan(24 * MIB);
  });
});

/** The largest distance in a DEFLATE stream: what an inflater with a smaller history would trip over. */
function farthestMatch(compressed: Buffer): number {
  let bits = 15;
  const output = inflateRawSync(compressed, { finishFlush: constants.Z_SYNC_FLUSH });
  expect(output.length).toBeGreaterThan(0);
  // An inflater only notices at the edge of its window, so it is fed byte by byte.
  while (bits > 8 && inflatesByteByByte(compressed, bits - 1, output)) bits--;
  return 2 ** bits;
}

function inflatesByteByByte(compressed: Buffer, windowBits: number, expected: Buffer): boolean {
  try {
    const output = inflateRawSync(compressed, { windowBits, finishFlush: constants.Z_SYNC_FLUSH, chunkSize: 64 });
    return output.equals(expected);
  } catch {
    return false;
  }
}

describe('engines with history', () => {
  const engines = createZlibEngines();

  test('later messages refer to earlier ones', () => {
    const deflater = engines.createDeflater(params);
    const inflater = engines.createInflater(15);
    // RFC 7692 section 7.2.3.2.
    expect(deflated(deflater, 'Hello')).toEqual(hex('f248cdc9c90700'));
    expect(deflated(deflater, 'Hello')).toEqual(hex('f200110000'));
    expect(inflatedText(inflater, 'f248cdc9c90700')).toBe('Hello');
    expect(inflatedText(inflater, 'f200110000')).toBe('Hello');
    // Behind a final block there is no history.
    expect(inflatedText(inflater, 'f348cdc9c9070000')).toBe('Hello');
    expect(inflate(inflater, hex('f200110000'))).toBe(ENGINE_FAILED);
  });

  test.each([8, 9, 10, 11, 12, 13, 14, 15])('two windows of %i bits understand each other', (windowBits) => {
    const deflater = engines.createDeflater({ ...params, windowBits });
    const inflater = engines.createInflater(windowBits);
    let text = 'a';
    for (let i = 0; i < 200; i++) {
      text = `${text.slice(-5000)}${i}${text.slice(0, 300)}`;
      expectSame(inflate(inflater, deflated(deflater, text)), Buffer.from(text));
    }
    deflater.close();
    inflater.close();
  });

  test('an engine that failed begins anew', () => {
    const inflater = engines.createInflater(15);
    expect(inflatedText(inflater, 'f248cdc9c90700')).toBe('Hello');
    expect(inflate(inflater, hex('ffffffff'))).toBe(ENGINE_FAILED);
    expect(inflate(inflater, hex('f200110000'))).toBe(ENGINE_FAILED);
    expect(inflatedText(inflater, 'f248cdc9c90700')).toBe('Hello');
  });

  test('using a closed engine is an error and not the end of the process', () => {
    const deflater = engines.createDeflater(params);
    const inflater = engines.createInflater(15);
    for (const engine of [deflater, inflater]) {
      engine.close();
      engine.close();
    }
    expect(() => deflate(deflater, 'Hello')).toThrow('closed');
    expect(() => inflate(inflater, hex('00'))).toThrow('closed');
  });

  test('bounds that are out of bounds are an error and not the end of the process', () => {
    const deflater = engines.sharedDeflater(params);
    const bytes = Buffer.alloc(10);
    for (const [start, end] of [
      [-1, 5],
      [0, 11],
      [6, 5],
      [0.5, 5],
      [0, Number.NaN],
      [11, 11],
    ] as const) {
      expect(() => deflater.deflate(bytes, start, end, 100)).toThrow('out of bounds');
      expect(() => engines.sharedInflater().inflate(bytes, start, end, 100)).toThrow('out of bounds');
    }
    const impostor = Object.create(Buffer.prototype, { length: { value: 10 } }) as Buffer;
    expect(() => deflater.deflate(impostor, 0, 10, 100)).toThrow('out of bounds');
    const detached = Buffer.from(new ArrayBuffer(10));
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    expect(() => deflater.deflate(detached, 0, 10, 100)).toThrow('out of bounds');
    expect(deflated(deflater, 'Hello')).toEqual(hex('f248cdc9c90700'));
  });

  test('closing gives the memory back at once', { timeout: patient(30_000) }, () => {
    const run = (): void => {
      for (let i = 0; i < 300; i++) {
        const deflater = engines.createDeflater(params);
        const inflater = engines.createInflater(15);
        inflate(inflater, deflated(deflater, 'Hello'));
        deflater.close();
        inflater.close();
      }
    };
    run();
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 10; i++) run();
    // Not closed, these 3000 pairs would take 700 MiB.
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * MIB);
  });
});

describe('the choice of engines', () => {
  test('handles, where they work', () => {
    expect(deflateEngines().canKeepHistory).toBe(true);
    expect(deflateEngines()).toBe(deflateEngines());
  });

  test.each<[string, () => DeflateEngines]>([
    [
      'cannot be made',
      () => {
        throw new Error('no handle');
      },
    ],
    ['have no history', createFallbackEngines],
    [
      'do not notice errors',
      () => {
        const real = createZlibEngines();
        const deaf = (engine: RawInflater): RawInflater => ({
          get output() {
            return engine.output;
          },
          inputLeft: 0,
          detachOutput: () => engine.detachOutput(),
          resume: (...args) => engine.resume(...args),
          releaseOutput: () => engine.releaseOutput(),
          close: () => engine.close(),
          inflate: (...args) => Math.max(0, engine.inflate(...args)),
        });
        return { ...real, createInflater: (bits) => deaf(real.createInflater(bits)) };
      },
    ],
  ])('the documented functions, where handles %s', (_why, create) => {
    const engines = chooseEngines(create);
    expect(engines.canKeepHistory).toBe(false);
    expect(deflated(engines.sharedDeflater(params), 'Hello')).toEqual(hex('f248cdc9c90700'));
  });
});

describe('an inflater with little time', () => {
  const content = noise(3 * MIB).toString('base64');

  /** Inflates with no time at all, and calls `meanwhile` whenever it has stopped. */
  function inflateSlowly(engine: RawInflater, input: Buffer, meanwhile: () => void): [Buffer | number, number] {
    let result = engine.inflate(input, 0, input.length, 64 * MIB, 0);
    engine.detachOutput();
    let stops = 0;
    while (result === ENGINE_UNFINISHED) {
      stops++;
      meanwhile();
      result = engine.resume(input, input.length - engine.inputLeft, input.length, 64 * MIB, 0);
    }
    const output = result < 0 ? result : Buffer.from(engine.output.subarray(0, result));
    engine.releaseOutput();
    return [output, stops];
  }

  test('stops in the middle, and goes on where it was, while others inflate', () => {
    const engines = createZlibEngines();
    const engine = engines.detachInflater();
    const meanwhile = (): void => expect(inflatedText(engines.sharedInflater(), 'f248cdc9c90700')).toBe('Hello');
    const [result, stops] = inflateSlowly(engine, reference(content), meanwhile);
    expectSame(result, Buffer.from(content));
    expect(stops).toBeGreaterThan(100);
    expect(engine.output).toBe(engines.sharedInflater().output);
    engine.close();
  });

  test('keeps its history over messages that it stops in', () => {
    const engines = createZlibEngines();
    const [deflater, inflater] = [engines.createDeflater(params), engines.createInflater(15)];
    for (let i = 0; i < 3; i++) {
      const [result] = inflateSlowly(inflater, deflated(deflater, content), () => undefined);
      expectSame(result, Buffer.from(content));
      expect(inflatedText(inflater, deflated(deflater, 'in between').toString('hex'))).toBe('in between');
    }
  });

  test('stops in input that stands for nothing as well', () => {
    const [result, stops] = inflateSlowly(createZlibEngines().detachInflater(), emptyBlocks(MIB / 4), () => undefined);
    expect(result).toEqual(Buffer.alloc(0));
    expect(stops).toBeGreaterThan(3);
  });

  test('does not stop in short messages', () => {
    const engine = createZlibEngines().sharedInflater();
    const input = reference(content.slice(0, 15_000));
    expect(engine.inflate(input, 0, input.length, MIB, 0)).toBe(15_000);
  });
});
