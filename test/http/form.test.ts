import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { appendQuery, formatForm, type HttpParameters } from '../../src/http/form/form.ts';

describe('a form', () => {
  test.each<[HttpParameters, string]>([
    [{}, ''],
    [{ foo: 'bar' }, 'foo=bar'],
    [{ 'a b': 'c+d&e=f', ü: '%' }, 'a+b=c%2Bd%26e%3Df&%C3%BC=%25'],
    [
      [
        ['x', '1'],
        ['x', '2'],
      ],
      'x=1&x=2',
    ],
    [new Map([['k', '']]), 'k='],
    [new URLSearchParams('a=1&a=2'), 'a=1&a=2'],
    [{ line: 'a\r\nb\0' }, 'line=a%0D%0Ab%00'],
  ])('of %j is %j', (parameters, expected) => {
    expect(formatForm(parameters)).toBe(expected);
  });

  test('is read back by URLSearchParams as it was', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }))), (pairs) => {
        expect([...new URLSearchParams(formatForm(pairs))]).toEqual(pairs);
      }),
    );
  });

  test.each<[unknown, string]>([
    [null, 'parameters: must be an object, pairs or URLSearchParams'],
    ['a=b', 'parameters: must be an object, pairs or URLSearchParams'],
    [{ a: 1 }, 'parameters: the value of "a" must be a string, not number'],
    [[['a']], 'parameters: every pair must be [name, value]'],
    [[[1, 'b']], 'parameters: a name must be a string, not number'],
  ])('of %j is refused', (parameters, message) => {
    expect(() => formatForm(parameters as HttpParameters)).toThrow(message);
  });
});

describe('parameters appended to', () => {
  test.each([
    ['http://h/p', 'http://h/p?a=1'],
    ['http://h/p?', 'http://h/p?a=1'],
    ['http://h/p?b=2', 'http://h/p?b=2&a=1'],
    ['http://h/p?b=2&', 'http://h/p?b=2&a=1'],
    ['http://h/p#f?x', 'http://h/p?a=1#f?x'],
    ['http://h/p?b#f', 'http://h/p?b&a=1#f'],
  ])('%s give %s', (url, expected) => {
    expect(appendQuery(url, { a: '1' })).toBe(expected);
  });

  test('a URL leave it alone when there are none', () => {
    expect(appendQuery('http://h/p#f', {})).toBe('http://h/p#f');
  });
});
