import * as zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BodyError } from '../../src/http/body-error.ts';
import type { ContentCoding } from '../../src/http/coding/content-coding.ts';
import { ContentDecoder, decodeBody } from '../../src/http/coding/content-decoder.ts';
import { Deferred } from '../../src/util/deferred.ts';

const text = Buffer.from('the quick brown fox, '.repeat(40));
const MEBIBYTE = 1024 * 1024;

const encoders: readonly [string, ContentCoding, (data: Buffer) => Buffer][] = [
  ['gzip', 'gzip', (data) => zlib.gzipSync(data)],
  [
    'gzip of two members',
    'gzip',
    (data) => Buffer.concat([data.subarray(0, 9), data.subarray(9)].map((part) => zlib.gzipSync(part))),
  ],
  ['deflate in the format of zlib', 'deflate', (data) => zlib.deflateSync(data)],
  ['bare deflate', 'deflate', (data) => zlib.deflateRawSync(data)],
  ['bare deflate of stored blocks', 'deflate', (data) => zlib.deflateRawSync(data, { level: 0 })],
  ['br', 'br', (data) => zlib.brotliCompressSync(data)],
];

/** Feeds the pieces one after the other and returns everything that came out, or the error. */
async function decodePieces(
  codings: readonly ContentCoding[],
  pieces: readonly Buffer[],
  maxBytes = MEBIBYTE,
): Promise<Buffer | BodyError> {
  const output: Buffer[] = [];
  const decoder = new ContentDecoder(codings, { maxBytes, onData: (chunk) => void output.push(chunk) });
  try {
    for (const piece of pieces) await decoder.write(piece);
    await decoder.end();
    return Buffer.concat(output);
  } catch (error) {
    if (error instanceof BodyError) return error;
    throw error;
  }
}

const bytesOf = (data: Buffer): Buffer[] => Array.from(data, (_, i) => data.subarray(i, i + 1));

describe.each(encoders)('%s', (_, coding, encode) => {
  const encoded = encode(text);

  test('is decoded whole', async () => {
    expect(await decodeBody(encoded, [coding], MEBIBYTE)).toEqual(text);
  });

  test('is decoded byte by byte', async () => {
    expect(await decodePieces([coding], bytesOf(encoded))).toEqual(text);
  });

  test('is an error when it ends too early, wherever that is', async () => {
    const lengths = [1, 2, 3, 9, 11, encoded.length - 9, encoded.length - 1];
    for (const length of lengths) {
      // The first of two members is a body by itself.
      const result = await decodePieces([coding], [encoded.subarray(0, length)]);
      expect(result, `${length} bytes`).toMatchObject({ code: 'contentTruncated' });
    }
  });

  test('is an error when something follows, in the same piece or later', async () => {
    const trailing = Buffer.from('xyz');
    expect(await decodePieces([coding], [Buffer.concat([encoded, trailing])])).toMatchObject({
      code: 'contentCorrupt',
    });
    expect(await decodePieces([coding], [encoded, trailing])).toMatchObject({ code: 'contentCorrupt' });
    expect(await decodePieces([coding], [...bytesOf(encoded), ...bytesOf(trailing)])).toMatchObject({
      code: 'contentCorrupt',
    });
  });

  test('stops as soon as the bound is passed', async () => {
    const bomb = encode(Buffer.alloc(16 * MEBIBYTE));
    let received = 0;
    const decoder = new ContentDecoder([coding], {
      maxBytes: MEBIBYTE,
      onData: (chunk) => void (received += chunk.length),
    });
    await expect(decoder.write(bomb)).rejects.toMatchObject({ code: 'contentTooBig' });
    expect(received).toBeLessThanOrEqual(MEBIBYTE);
  });

  test('may be as large as the bound', async () => {
    expect(await decodeBody(encoded, [coding], text.length)).toEqual(text);
    await expect(decodeBody(encoded, [coding], text.length - 1)).rejects.toMatchObject({ code: 'contentTooBig' });
  });

  test('of nothing at all is an empty body', async () => {
    expect(await decodePieces([coding], [])).toEqual(Buffer.alloc(0));
    expect(await decodePieces([coding], [Buffer.alloc(0)])).toEqual(Buffer.alloc(0));
  });

  test('of an empty body is decoded', async () => {
    expect(await decodeBody(encode(Buffer.alloc(0)), [coding], 0)).toEqual(Buffer.alloc(0));
  });

  test('does not run ahead of a slow consumer', async () => {
    const bomb = encode(Buffer.alloc(8 * MEBIBYTE));
    const [begun, taken] = [new Deferred<void>(), new Deferred<void>()];
    let received = 0;
    const onData = (chunk: Buffer): Promise<void> => {
      received += chunk.length;
      begun.resolve(undefined);
      return taken.promise;
    };
    const decoder = new ContentDecoder([coding], { maxBytes: 16 * MEBIBYTE, onData });
    let isWritten = false;
    const written = decoder.write(bomb).then(() => {
      isWritten = true;
    });
    await begun.promise;
    // Meanwhile another decoder, whose consumer is not slow, is done with all of it.
    await decodeBody(bomb, [coding], 8 * MEBIBYTE);
    expect(received).toBeLessThan(MEBIBYTE);
    expect(isWritten).toBe(false);
    taken.resolve(undefined);
    await written;
    await decoder.end();
    expect(received).toBe(8 * MEBIBYTE);
  });
});

describe('a decoder', () => {
  test('undoes several codings, the last one first', async () => {
    const encoded = zlib.deflateSync(zlib.brotliCompressSync(zlib.gzipSync(text)));
    expect(await decodePieces(['gzip', 'br', 'deflate'], bytesOf(encoded))).toEqual(text);
  });

  test('bounds what comes in between as well', async () => {
    const inner = Buffer.concat([zlib.gzipSync('x'), Buffer.alloc(8 * MEBIBYTE)]);
    const result = await decodePieces(['gzip', 'br'], [zlib.brotliCompressSync(inner)]);
    expect(result).toMatchObject({ code: 'contentTooBig' });
  });

  test('without codings passes everything on, up to the bound', async () => {
    expect(await decodePieces([], [text])).toEqual(text);
    expect(await decodePieces([], [text], 10)).toMatchObject({ code: 'contentTooBig' });
  });

  test('takes zeros behind gzip for padding', async () => {
    const padded = Buffer.concat([zlib.gzipSync(text), Buffer.alloc(5)]);
    expect(await decodePieces(['gzip'], [padded])).toEqual(text);
    expect(await decodePieces(['gzip'], bytesOf(padded))).toEqual(text);
  });

  test('fails with what the consumer throws, and does nothing more', async () => {
    const error = new Error('enough');
    for (const onData of [
      () => Promise.reject(error),
      () => {
        throw error;
      },
    ]) {
      const decoder = new ContentDecoder(['gzip'], { maxBytes: MEBIBYTE, onData });
      await expect(decoder.write(zlib.gzipSync(text))).rejects.toBe(error);
      await expect(decoder.write(text)).rejects.toBe(error);
      await expect(decoder.end()).rejects.toBe(error);
    }
  });

  test('rejects what is pending when it is destroyed', async () => {
    const never = new Promise<void>(() => undefined);
    const decoder = new ContentDecoder(['br'], { maxBytes: MEBIBYTE, onData: () => never });
    const bomb = zlib.brotliCompressSync(Buffer.alloc(MEBIBYTE));
    const written = decoder.write(bomb);
    decoder.destroy();
    await expect(written).rejects.toMatchObject({ code: 'contentTruncated' });
    decoder.destroy();
  });

  test('gives back what was encoded, however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 2000 }),
        fc.constantFrom(...encoders),
        fc.array(fc.nat({ max: 2000 }), { maxLength: 5 }),
        async (bytes, [, coding, encode], cuts) => {
          const data = Buffer.from(bytes);
          const encoded = encode(data);
          const marks = [0, ...cuts.toSorted((a, b) => a - b), encoded.length];
          const pieces = marks.slice(1).map((mark, i) => encoded.subarray(marks[i], mark));
          expect(await decodePieces([coding], pieces)).toEqual(data);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('answers any garbage with an error of its own', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc.constantFrom<ContentCoding>('gzip', 'deflate', 'br', 'zstd'),
        async (bytes, coding) => {
          await decodePieces([coding], [Buffer.from(bytes)]);
        },
      ),
      { numRuns: 200 },
    );
  });
});

test('what follows the data is found behind a slow consumer, too', async () => {
  for (const [name, coding, encode] of encoders) {
    const decoder = new ContentDecoder([coding], {
      maxBytes: MEBIBYTE,
      onData: () => new Promise<void>((resolve) => setImmediate(resolve)),
    });
    const decode = async (): Promise<void> => {
      await decoder.write(Buffer.concat([encode(text), Buffer.from('xyz')]));
      await decoder.end();
    };
    await expect(decode(), name).rejects.toMatchObject({ code: 'contentCorrupt' });
  }
});
