import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { acceptsCoding, chooseCoding } from '../../src/http/coding/accept-encoding.ts';

const available = ['br', 'gzip'] as const;

describe('the coding of a response', () => {
  test.each<[string | undefined, string | undefined]>([
    [undefined, 'identity'],
    ['', 'identity'],
    ['gzip', 'gzip'],
    ['GZip', 'gzip'],
    ['x-gzip', 'gzip'],
    ['br', 'br'],
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip;q=1, br;q=0.5', 'gzip'],
    ['gzip;q=0.5, br;q=0.5', 'br'],
    ['gzip ; q=0.4 ,\tbr; q=0.3', 'gzip'],
    ['gzip;Q=0.7', 'gzip'],
    ['gzip;q=0', 'identity'],
    ['gzip;q=0.000', 'identity'],
    ['gzip;q=0.001', 'gzip'],
    ['*', 'br'],
    ['*;q=0.1', 'br'],
    ['br;q=0, *', 'gzip'],
    ['gzip;q=0, br;q=0, *', 'identity'],
    ['deflate', 'identity'],
    ['identity', 'identity'],
    ['identity, gzip', 'gzip'],
    ['identity, gzip;q=0.5', 'identity'],
    ['identity;q=0.5, gzip', 'gzip'],
    ['identity;q=0.5, gzip;q=0.5', 'gzip'],
    ['identity;q=0', undefined],
    ['identity;q=0, gzip', 'gzip'],
    ['identity;q=0, *', 'br'],
    ['*;q=0', undefined],
    ['*;q=0, gzip', 'gzip'],
    ['*;q=0, identity', 'identity'],
    ['deflate, *;q=0', undefined],
    // Broken members are as good as absent.
    ['gzip;q=2', 'identity'],
    ['gzip;q=-1', 'identity'],
    ['gzip;q=0.1234', 'identity'],
    ['gzip;q=', 'identity'],
    ['gzip;level=9', 'identity'],
    ['gzip;q=1;q=0', 'identity'],
    ['g zip', 'identity'],
    [',,gzip,,', 'gzip'],
    ['gzip;q=foo, br', 'br'],
    ['__proto__, constructor, toString', 'identity'],
  ])('for %j is %s', (value, expected) => {
    expect(chooseCoding(value, available)).toBe(expected);
  });

  test('is chosen among what is available only', () => {
    expect(chooseCoding('br, gzip;q=0.5', ['gzip'])).toBe('gzip');
    expect(chooseCoding('br', [])).toBe('identity');
    expect(chooseCoding('*;q=0', [])).toBeUndefined();
  });

  test('is one of the answers there are, whatever the header holds', () => {
    const member = fc.tuple(
      fc.constantFrom('gzip', 'br', '*', 'identity', 'x'),
      fc.constantFrom('', ';q=0', ';q=0.5', ';q=1'),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(member).map((list) => list.map((parts) => parts.join('')).join(',')),
        ),
        (value) => {
          const chosen = chooseCoding(value, available);
          expect(['br', 'gzip', 'identity', undefined]).toContain(chosen);
          if (chosen === 'br' || chosen === 'gzip') expect(acceptsCoding(value, chosen)).toBe(true);
        },
      ),
    );
  });
});
