import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkNumber,
  checkOneOf,
  checkString,
  type NumberRange,
} from '../../../src/util/options.ts';

function usageErrorOf(fn: () => unknown): UsageError {
  try {
    fn();
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('checkInteger', () => {
  test.each([0, 1, -5, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER])('%d is returned as it is', (value) => {
    expect(checkInteger('backlog', value)).toBe(value);
  });

  test.each([
    [1.5, '1.5'],
    [Number.NaN, 'NaN'],
    [Infinity, 'Infinity'],
    [-Infinity, '-Infinity'],
    [2 ** 53, '9007199254740992'],
    ['10', 'a string'],
    ['', 'a string'],
    [true, 'true'],
    [null, 'null'],
    [undefined, 'undefined'],
    [10n, 'a bigint'],
    [[10], 'an array'],
    [{ valueOf: () => 10 }, 'an object'],
    [new Number(10), 'an object'],
    [() => 10, 'a function'],
    [Symbol('ten'), 'a symbol'],
  ])('%o is refused as %s', (value, shown) => {
    const error = usageErrorOf(() => checkInteger('backlog', value));
    expect(error.option).toBe('backlog');
    expect(error.code).toBe('invalidOption');
    expect(error.message).toBe(`backlog: must be an integer, got ${shown}`);
  });

  test.each<[NumberRange, number, number, string]>([
    [{ min: 1, max: 65_535 }, 1, 65_535, ' from 1 to 65535'],
    [{ min: 0 }, 0, Number.MAX_SAFE_INTEGER, ' of at least 0'],
    [{ max: 9 }, -10, 9, ' of at most 9'],
  ])('the range %j includes its ends and is named when left', (range, low, high, words) => {
    expect(checkInteger('port', low, range)).toBe(low);
    expect(checkInteger('port', high, range)).toBe(high);
    const outside = range.max === undefined ? low - 1 : high + 1;
    const error = usageErrorOf(() => checkInteger('port', outside, range));
    expect(error.message).toBe(`port: must be an integer${words}, got ${outside}`);
  });
});

describe('checkNumber', () => {
  test.each([0, -0.5, 1.5, Number.MAX_VALUE])('%d is returned as it is', (value) => {
    expect(checkNumber('timeoutSecs', value)).toBe(value);
  });

  test.each([Number.NaN, Infinity, -Infinity, '1.5', null, undefined, 1n])('%o is refused', (value) => {
    expect(usageErrorOf(() => checkNumber('timeoutSecs', value)).option).toBe('timeoutSecs');
  });

  test('the range holds', () => {
    expect(checkNumber('jitter', 1, { min: 0, max: 1 })).toBe(1);
    expect(usageErrorOf(() => checkNumber('jitter', 1.01, { min: 0, max: 1 })).message).toBe(
      'jitter: must be a finite number from 0 to 1, got 1.01',
    );
  });
});

describe('the other types', () => {
  test('what fits is returned as it is', () => {
    const fn = (text: string) => text.length;
    expect(checkBoolean('tls', false)).toBe(false);
    expect(checkString('host', '')).toBe('');
    expect(checkFunction('lookup', fn)).toBe(fn);
    expect(checkOneOf('addressFamily', 'dual', [4, 6, 'dual'])).toBe('dual');
  });

  test.each([0, 1, 'true', null, undefined, {}])('%o is no boolean', (value) => {
    expect(usageErrorOf(() => checkBoolean('tls', value)).message).toMatch(/^tls: must be true or false, got /);
  });

  test.each([0, null, undefined, {}, ['a'], new String('a')])('%o is no string', (value) => {
    expect(usageErrorOf(() => checkString('host', value)).message).toMatch(/^host: must be a string, got /);
  });

  test.each([null, undefined, {}, 'eval'])('%o is no function', (value) => {
    const error = usageErrorOf(() => checkFunction('lookup', value as () => void));
    expect(error.message).toMatch(/^lookup: must be a function, got /);
  });

  test.each(['4', 5, true, null, 'Dual', '__proto__'])('%o is none of the choices, which are listed', (value) => {
    const error = usageErrorOf(() => checkOneOf('addressFamily', value, [4, 6, 'dual']));
    expect(error.message).toMatch(/^addressFamily: must be one of 4, 6, 'dual', got /);
  });

  test('false can be a choice', () => {
    expect(checkOneOf('deflate', false, [false, 'auto'])).toBe(false);
  });

  test('a string in the wrong place is not shown, because it may be a secret', () => {
    const checks = [
      () => checkInteger('port', 'hunter2'),
      () => checkBoolean('tls', 'hunter2'),
      () => checkOneOf('family', 'hunter2', ['a']),
    ];
    for (const check of checks) expect(usageErrorOf(check).message).not.toContain('hunter2');
  });
});
