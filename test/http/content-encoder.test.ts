import * as zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { encodeBody, encodeStream } from '../../src/http/coding/content-encoder.ts';

const decoders = { gzip: zlib.gunzipSync, br: zlib.brotliDecompressSync };
const codings = ['gzip', 'br'] as const;

async function collect(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* from(...chunks: (string | Uint8Array)[]): AsyncGenerator<string | Uint8Array> {
  yield* chunks;
}

describe.each(codings)('%s', (coding) => {
  const decode = decoders[coding];

  test('of a short body is made at once', () => {
    const encoded = encodeBody('grüße '.repeat(500), coding);
    expect(encoded).toBeInstanceOf(Buffer);
    expect(decode(encoded as Buffer).toString()).toBe('grüße '.repeat(500));
  });

  test('of a long body is made in a thread', async () => {
    const body = new Uint8Array(1_000_000).fill(65);
    const encoded = encodeBody(body, coding);
    expect(encoded).toBeInstanceOf(Promise);
    expect(decode(await encoded).equals(body)).toBe(true);
  });

  test.each([true, false])('of a stream can be decoded, flush: %s', async (flush) => {
    const chunks = ['one, ', Buffer.from('two, '), '', new Uint8Array([0xc3, 0xa9]), 'x'.repeat(300_000)];
    const encoded = await collect(encodeStream(from(...chunks), coding, { flush }));
    expect(decode(encoded).toString()).toBe(`one, two, é${'x'.repeat(300_000)}`);
  });

  test('of an empty stream is an encoded nothing', async () => {
    const encoded = await collect(encodeStream(from(), coding));
    expect(encoded.length).toBeGreaterThan(0);
    expect(decode(encoded)).toEqual(Buffer.alloc(0));
  });

  test('lets every chunk out before the next one is asked for', async () => {
    let asked = 0;
    async function* source(): AsyncGenerator<string> {
      for (const chunk of ['first', 'second']) {
        asked++;
        yield chunk;
      }
    }
    const encoded = encodeStream(source(), coding);
    const pieces: Buffer[] = [];
    while (asked < 2) {
      const { value } = await encoded.next();
      if (asked === 1 && value !== undefined) pieces.push(value);
    }
    const { constants } = zlib;
    const finishFlush = coding === 'gzip' ? constants.Z_SYNC_FLUSH : constants.BROTLI_OPERATION_FLUSH;
    expect(decode(Buffer.concat(pieces), { finishFlush }).toString()).toBe('first');
    await encoded.return();
  });

  test('ends the source when its reader leaves', async () => {
    let isEnded = false;
    async function* source(): AsyncGenerator<string> {
      try {
        for (;;) yield 'more';
      } finally {
        isEnded = true;
      }
    }
    for await (const chunk of encodeStream(source(), coding)) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    expect(isEnded).toBe(true);
  });

  test('fails with what the source throws', async () => {
    const error = new Error('disk full');
    async function* source(): AsyncGenerator<string> {
      yield 'more';
      throw error;
    }
    await expect(collect(encodeStream(source(), coding))).rejects.toBe(error);
  });
});
