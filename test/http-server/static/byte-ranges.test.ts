import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatContentRange, parseRanges } from '../../../src/http-server/static/byte-ranges.ts';

const ranges = (...pairs: [number, number][]): unknown => pairs.map(([start, end]) => ({ start, end }));

describe('Range', () => {
  test.each<[string | undefined, unknown]>([
    [undefined, 'whole'],
    ['bytes=0-0', ranges([0, 1])],
    ['bytes=0-', ranges([0, 1000])],
    ['bytes=999-', ranges([999, 1000])],
    ['bytes=500-2000', ranges([500, 1000])],
    ['bytes=-1', ranges([999, 1000])],
    ['bytes=-5000', ranges([0, 1000])],
    ['Bytes=0-1', ranges([0, 2])],
    ['bytes= 0-1 ,\t300-301 ', ranges([0, 2], [300, 302])],
    ['bytes=300-301,0-1', ranges([300, 302], [0, 2])],
    ['bytes=0-1,2000-3000', ranges([0, 2])],
    [`bytes=0-${'9'.repeat(400)}`, ranges([0, 1000])],
    // Overlapping, touching and nearly touching ones become one.
    ['bytes=0-499,400-600', ranges([0, 601])],
    ['bytes=400-600,0-499', ranges([0, 601])],
    ['bytes=0-9,10-19', ranges([0, 20])],
    ['bytes=0-9,50-59', ranges([0, 60])],
    ['bytes=0-,0-,0-,-1000', ranges([0, 1000])],
    ['bytes=900-,0-9,5-6', ranges([0, 10], [900, 1000])],
    // There is nothing of them.
    ['bytes=1000-', 'unsatisfiable'],
    ['bytes=1000-1001,2000-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    [`bytes=${'9'.repeat(400)}-`, 'unsatisfiable'],
    // They are none.
    ['', 'whole'],
    ['bytes', 'whole'],
    ['bytes=', 'whole'],
    ['bytes=-', 'whole'],
    ['bytes=1', 'whole'],
    ['bytes=5-4', 'whole'],
    ['bytes=a-b', 'whole'],
    ['bytes=0-1,', 'whole'],
    ['bytes=0-1,x', 'whole'],
    ['bytes=0--1', 'whole'],
    ['bytes=+0-1', 'whole'],
    ['bytes=0x0-1', 'whole'],
    ['bytes=0-1-2', 'whole'],
    ['bytes=0 - 1', 'whole'],
    ['items=0-1', 'whole'],
    ['bytes 0-1', 'whole'],
  ])('%j of 1000 bytes', (value, expected) => {
    expect(parseRanges(value, 1000)).toEqual(expected);
  });

  test('may name 16 parts; more are answered with the whole', () => {
    const parts = (count: number): string =>
      `bytes=${Array.from({ length: count }, (_, i) => `${i * 200}-${i * 200}`).join()}`;
    expect(parseRanges(parts(16), 10_000)).toHaveLength(16);
    expect(parseRanges(parts(17), 10_000)).toBe('whole');
    expect(parseRanges(parts(2000), 10_000_000)).toBe('whole');
  });

  test('of an empty file cannot be satisfied', () => {
    expect(parseRanges('bytes=0-', 0)).toBe('unsatisfiable');
    expect(parseRanges('bytes=-5', 0)).toBe('unsatisfiable');
    expect(parseRanges(undefined, 0)).toBe('whole');
  });

  test('gives parts within the file, none of them empty, none twice', () => {
    const specifier = fc
      .tuple(fc.option(fc.nat(3000)), fc.option(fc.nat(3000)))
      .map(([a, b]) => `${a ?? ''}-${b ?? ''}`);
    fc.assert(
      fc.property(fc.array(specifier, { maxLength: 18 }), fc.nat(2000), (specifiers, size) => {
        const found = parseRanges(`bytes=${specifiers.join(', ')}`, size);
        if (typeof found === 'string') return;
        let total = 0;
        for (const { start, end } of found) {
          expect(start).toBeGreaterThanOrEqual(0);
          expect(end).toBeGreaterThan(start);
          expect(end).toBeLessThanOrEqual(size);
          total += end - start;
        }
        expect(total).toBeLessThanOrEqual(size);
      }),
      { numRuns: 500 },
    );
  });

  test('is answered with the place of the part', () => {
    expect(formatContentRange({ start: 0, end: 1 }, 1000)).toBe('bytes 0-0/1000');
  });
});
