import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { currentHttpDate, formatHttpDate, parseHttpDate } from '../../src/http/http-date.ts';

afterEach(() => {
  vi.useRealTimers();
});

const example = Date.UTC(1994, 10, 6, 8, 49, 37);

describe('a date', () => {
  test('is written as RFC 9110 says', () => {
    expect(formatHttpDate(example)).toBe('Sun, 06 Nov 1994 08:49:37 GMT');
    expect(formatHttpDate(example + 999)).toBe('Sun, 06 Nov 1994 08:49:37 GMT');
  });

  test.each(['Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994'])(
    'is read from %j',
    (text) => {
      expect(parseHttpDate(text)).toBe(example);
    },
  );

  test('read back is the one that was written', () => {
    const latest = Date.UTC(9999, 11, 31);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: latest / 1000 }), (seconds) => {
        expect(parseHttpDate(formatHttpDate(seconds * 1000))).toBe(seconds * 1000);
      }),
    );
  });

  test('with two digits for the year is at most 50 years in the future', () => {
    const now = Date.UTC(2026, 5, 1);
    expect(parseHttpDate('Monday, 01-Jun-76 00:00:00 GMT', now)).toBe(Date.UTC(2076, 5, 1));
    expect(parseHttpDate('Monday, 01-Jun-77 00:00:00 GMT', now)).toBe(Date.UTC(1977, 5, 1));
  });

  test('may have a leap second, and a year with few digits', () => {
    expect(parseHttpDate('Sat, 31 Dec 2016 23:59:60 GMT')).toBe(Date.UTC(2017, 0, 1));
    expect(parseHttpDate('Sat, 01 Jan 0050 00:00:00 GMT')).toBe(new Date('0050-01-01T00:00:00Z').getTime());
  });

  test.each([
    '',
    'now',
    '1994-11-06T08:49:37Z',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 06 Nov 1994 08:49:37 UTC',
    'Sun, 06 Nov 1994 08:49:37 +0000',
    'sun, 06 nov 1994 08:49:37 gmt',
    'Sun, 6 Nov 1994 08:49:37 GMT',
    'Sun, 31 Feb 1994 08:49:37 GMT',
    'Sun, 00 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 24:00:00 GMT',
    'Sun, 06 Nov 1994 08:60:00 GMT',
    'Sun, 06 Nov 1994 08:49:61 GMT',
    'Sun, 06 Foo 1994 08:49:37 GMT',
    'Sun Nov 6 08:49:37 1994',
    ' Sun, 06 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 08:49:37 GMT ',
    `Sun, 06 Nov ${'1'.repeat(60_000)} 08:49:37 GMT`,
  ])('is not read from %j', (text) => {
    expect(parseHttpDate(text)).toBeUndefined();
  });

  test('of now is formatted once a second', () => {
    vi.useFakeTimers({ now: example + 100 });
    const first = currentHttpDate();
    expect(first).toBe('Sun, 06 Nov 1994 08:49:37 GMT');
    vi.setSystemTime(example + 999);
    expect(currentHttpDate()).toBe(first);
    vi.setSystemTime(example + 1000);
    expect(currentHttpDate()).toBe('Sun, 06 Nov 1994 08:49:38 GMT');
    vi.setSystemTime(example);
    expect(currentHttpDate()).toBe(first);
  });
});
