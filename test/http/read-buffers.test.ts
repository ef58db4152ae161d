import { expect, test } from 'vitest';
import { giveBackReadBuffer, lendReadBuffer, READ_BYTES } from '../../src/http/files/read-buffers.ts';

test('a buffer that was given back is lent again', () => {
  const buffer = lendReadBuffer();
  expect(buffer.length).toBe(READ_BYTES);
  giveBackReadBuffer(buffer.subarray(0, 10));
  expect(lendReadBuffer().buffer).toBe(buffer.buffer);
});

test('nothing is lent twice, however often it is given back', () => {
  const buffer = lendReadBuffer();
  giveBackReadBuffer(buffer);
  giveBackReadBuffer(buffer);
  expect(lendReadBuffer().buffer).not.toBe(lendReadBuffer().buffer);
});

test('what was never lent is not taken', () => {
  const foreign = Buffer.allocUnsafeSlow(READ_BYTES);
  giveBackReadBuffer(foreign);
  expect(lendReadBuffer().buffer).not.toBe(foreign.buffer);
});

test('more than a few are not kept', () => {
  const all = Array.from({ length: 100 }, lendReadBuffer);
  for (const buffer of all) giveBackReadBuffer(buffer);
  const kept = new Set(all.map(({ buffer }) => buffer));
  const again = Array.from({ length: 100 }, lendReadBuffer);
  expect(again.filter(({ buffer }) => kept.has(buffer))).toHaveLength(16);
});
