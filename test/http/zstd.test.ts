import { describe, expect, test } from 'vitest';
import { BodyError } from '../../src/http/body-error.ts';
import { ContentDecoder, decodeBody } from '../../src/http/coding/content-decoder.ts';
import type { ByteConsumer, DecodingStage } from '../../src/http/coding/decoding-stage.ts';
import { hasNativeZstd, ZstdNativeStage } from '../../src/http/coding/zstd-native-stage.ts';
import { ZstdPackageStage } from '../../src/http/coding/zstd-package-stage.ts';
import { Deferred } from '../../src/util/deferred.ts';
import { eventually } from '../support/eventually.ts';
import { zstdFrames } from '../support/zstd-frames.ts';

const MEBIBYTE = 1024 * 1024;

type CreateStage = (consumer: ByteConsumer) => DecodingStage;

async function decodePieces(create: CreateStage, pieces: readonly Buffer[]): Promise<Buffer | BodyError> {
  const output: Buffer[] = [];
  const stage = create((chunk) => void output.push(chunk));
  try {
    for (const piece of pieces) await stage.write(piece);
    await stage.end();
    return Buffer.concat(output);
  } catch (error) {
    if (error instanceof BodyError) return error;
    throw error;
  } finally {
    stage.destroy();
  }
}

const bytesOf = (data: Buffer): Buffer[] => Array.from(data, (_, i) => data.subarray(i, i + 1));

const stages: [string, CreateStage][] = [['by the package', (consumer) => new ZstdPackageStage(consumer)]];
if (hasNativeZstd) stages.push(['by Node', (consumer) => new ZstdNativeStage(consumer)]);

describe.each(stages)('zstd decoded %s', (_, create) => {
  test.each(Object.entries(zstdFrames.valid))('reads %s', async (_, { encoded, decoded }) => {
    expect(await decodePieces(create, [encoded])).toEqual(decoded);
    expect(await decodePieces(create, bytesOf(encoded))).toEqual(decoded);
  });

  test.each(Object.entries(zstdFrames.invalid))('refuses %s', async (_, { encoded, code }) => {
    expect(await decodePieces(create, [encoded])).toMatchObject({ code });
    expect(await decodePieces(create, bytesOf(encoded))).toMatchObject({ code });
  });

  test('finds out when the data end too early, wherever that is', async () => {
    const { encoded } = zstdFrames.valid['text with a checksum'];
    for (let length = 1; length < encoded.length; length++) {
      const result = await decodePieces(create, [encoded.subarray(0, length)]);
      expect(result, `${length} bytes`).toMatchObject({ code: 'contentTruncated' });
    }
  });

  test('does not run ahead of a slow consumer', async () => {
    const [begun, taken] = [new Deferred<void>(), new Deferred<void>()];
    let received = 0;
    const stage = create((chunk) => {
      received += chunk.length;
      begun.resolve(undefined);
      return taken.promise;
    });
    const written = stage.write(zstdFrames.bomb);
    await begun.promise;
    // Meanwhile another stage, whose consumer is not slow, gets a chunk further.
    let others = 0;
    const another = create((chunk) => void (others += chunk.length));
    void another.write(zstdFrames.bomb).catch(() => undefined);
    await eventually('the other one to run ahead', () => others > MEBIBYTE);
    another.destroy();
    expect(received).toBeLessThan(MEBIBYTE);
    stage.destroy();
    taken.resolve(undefined);
    await expect(written).rejects.toMatchObject({ code: 'contentTruncated' });
  });
});

test('the bound of a decoder holds for zstd', async () => {
  let received = 0;
  const onData = (chunk: Buffer): void => void (received += chunk.length);
  const decoder = new ContentDecoder(['zstd'], { maxBytes: MEBIBYTE, onData });
  await expect(decoder.write(zstdFrames.bomb)).rejects.toMatchObject({ code: 'contentTooBig' });
  expect(received).toBeLessThanOrEqual(MEBIBYTE);
  expect((await decodeBody(zstdFrames.valid['text with a checksum'].encoded, ['zstd'], 840)).length).toBe(840);
});

test('zstd data of small blocks with a large window are given up, as the package takes too long for them', async () => {
  const stage = new ZstdPackageStage(() => undefined);
  await expect(stage.write(zstdFrames.manySmallBlocks)).rejects.toMatchObject({ code: 'contentCorrupt' });
});
