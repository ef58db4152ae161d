import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { HttpHeaders, type HttpHeadersInit } from '../../../src/protocol/http1/headers.ts';

const sample = (): HttpHeaders =>
  HttpHeaders.from([
    ['Foo', '1'],
    ['Bar', '2'],
    ['foo', '3'],
  ]);

describe('looking up', () => {
  test('finds a name in any case, and reads as absent what is not there', () => {
    const headers = HttpHeaders.from({ Foo: 'foo' });
    expect(headers.get('foo')).toBe('foo');
    expect(headers.get('FOO')).toBe('foo');
    expect(headers.has('fOo')).toBe(true);
    expect(headers.get('bar')).toBeUndefined();
    expect(headers.has('bar')).toBe(false);
    expect(headers.count('bar')).toBe(0);
    expect(headers.getAll('bar')).toEqual([]);
  });

  test('joins repeated values, and gives them one by one', () => {
    expect(sample().get('FOO')).toBe('1, 3');
    expect(sample().getAll('foo')).toEqual(['1', '3']);
    expect(sample().count('Foo')).toBe(2);
    expect(sample().size).toBe(3);
  });

  test('an empty value is not an absent one', () => {
    const headers = HttpHeaders.from({ a: '' });
    expect(headers.get('a')).toBe('');
    headers.append('a', '');
    expect(headers.get('a')).toBe(', ');
  });

  test.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])('%s is a name like any other', (name) => {
    const headers = new HttpHeaders();
    expect(headers.get(name)).toBeUndefined();
    expect(headers.has(name)).toBe(false);
    headers.append(name, 'x');
    expect(headers.get(name)).toBe('x');
    expect([...headers]).toEqual([[name, 'x']]);
  });

  test('only ASCII letters match in another case', () => {
    // In Unicode the Kelvin sign lowers to k; and [ differs from { by the bit that tells the case of letters.
    const headers = HttpHeaders.from({ k: '1', '^': '2' });
    expect(headers.get('\u212a')).toBeUndefined();
    expect(headers.get('~')).toBeUndefined();
    expect(headers.get('K')).toBe('1');
  });
});

describe('order and spelling', () => {
  test('iteration gives the fields as they were added', () => {
    const expected = [
      ['Foo', '1'],
      ['Bar', '2'],
      ['foo', '3'],
    ];
    expect([...sample()]).toEqual(expected);
    expect([...sample().entries()]).toEqual(expected);
    expect([...sample().keys()]).toEqual(['Foo', 'Bar', 'foo']);
    expect([...sample().values()]).toEqual(['1', '2', '3']);
  });

  test('set keeps the first place and removes the other ones', () => {
    const headers = sample();
    headers.set('FOO', '4');
    headers.set('New', '5');
    expect([...headers]).toEqual([
      ['FOO', '4'],
      ['Bar', '2'],
      ['New', '5'],
    ]);
  });

  test('delete removes every field of the name and says whether there was one', () => {
    const headers = sample();
    expect(headers.delete('fOO')).toBe(true);
    expect([...headers]).toEqual([['Bar', '2']]);
    expect(headers.delete('foo')).toBe(false);
  });

  test('white space around a value is dropped, as a receiver would', () => {
    expect(HttpHeaders.from({ a: ' \tb c\t ' }).get('a')).toBe('b c');
  });
});

describe('from', () => {
  test('takes a record, pairs, a Map, fetch Headers, and other headers, which it copies', () => {
    const pairs: [string, string][] = [
      ['a', '1'],
      ['b', '2'],
    ];
    const own = HttpHeaders.from(pairs);
    for (const init of [{ a: '1', b: '2' }, pairs, new Map(pairs), new Headers(pairs), own]) {
      expect([...HttpHeaders.from(init)]).toEqual(pairs);
      expect([...new HttpHeaders(init)]).toEqual(pairs);
    }
    const copy = HttpHeaders.from(own);
    copy.append('c', '3');
    expect(own.has('c')).toBe(false);
    expect(HttpHeaders.from(undefined).size).toBe(0);
    expect(new HttpHeaders().size).toBe(0);
  });

  test('reads an own __proto__ key of a record as a header', () => {
    const record = JSON.parse('{"__proto__":"x"}') as Record<string, string>;
    expect([...HttpHeaders.from(record)]).toEqual([['__proto__', 'x']]);
  });

  test.each<[string, unknown]>([
    ['a string', 'a: b'],
    ['null', null],
    ['a number', 5],
    ['an array of strings', ['a', 'b']],
    ['pairs of one', [['a']]],
    ['pairs of three', [['a', 'b', 'c']]],
    ['an array as value', { a: ['b', 'c'] }],
    ['a number as value', { a: 5 }],
    ['undefined as value', { a: undefined }],
  ])('%s is refused, naming the option', (_name, init) => {
    expect(() => HttpHeaders.from(init as HttpHeadersInit, 'extraHeaders')).toThrow(UsageError);
    expect(() => HttpHeaders.from(init as HttpHeadersInit, 'extraHeaders')).toThrow(/^extraHeaders: /);
    expect(() => new HttpHeaders(init as HttpHeadersInit)).toThrow(/^headers: /);
  });
});

describe('nothing that is added can split a message', () => {
  const add: [string, (name: string, value: string) => HttpHeaders][] = [
    ['append', (name, value) => withEmpty((headers) => headers.append(name, value))],
    ['set', (name, value) => withEmpty((headers) => headers.set(name, value))],
    ['from a record', (name, value) => HttpHeaders.from(Object.fromEntries([[name, value]]))],
    ['from pairs', (name, value) => HttpHeaders.from([[name, value]])],
  ];

  function withEmpty(run: (headers: HttpHeaders) => void): HttpHeaders {
    const headers = new HttpHeaders();
    run(headers);
    return headers;
  }

  describe.each(add)('%s', (_name, make) => {
    test.each(['a\r\nb: c', 'a\nb', 'a\rb', 'a\0b', '\x7f', 'a\x1bb', '\u010a', '\u0d0a', '\u{1f600}'])(
      'value %j',
      (value) => {
        expect(() => make('x', value)).toThrow(UsageError);
      },
    );

    test.each(['', ' ', 'a b', 'a:', 'a\r\n', 'a\nb', 'a\0', 'é', '\u212a', '(a)'])('name %j', (name) => {
      expect(() => make(name, 'x')).toThrow(UsageError);
    });

    test.each<[string, unknown]>([
      ['an object with toString', { toString: () => 'x' }],
      ['a String object', new String('x')],
      ['an array', ['x']],
      ['a number', 1],
      ['null', null],
      ['undefined', undefined],
      ['a symbol', Symbol('x')],
    ])('%s as value', (_what, value) => {
      expect(() => make('x', value as string)).toThrow(UsageError);
    });
  });

  test('an object is never asked to become a name or a value', () => {
    let calls = 0;
    const changing = { toString: () => (calls++ === 0 ? 'x' : 'x\r\ny: z') } as unknown as string;
    const headers = new HttpHeaders();
    expect(() => headers.append('x', changing)).toThrow(UsageError);
    expect(() => headers.append(changing, 'x')).toThrow(UsageError);
    expect(() => headers.set(changing, 'x')).toThrow(UsageError);
    expect(calls).toBe(0);
    expect(headers.size).toBe(0);
  });

  test('a refused value does not show up in the message: it may be a secret', () => {
    expect(() => HttpHeaders.from({ Authorization: 'Bearer s3cret\n' })).toThrow(/"Authorization"/);
    expect(() => HttpHeaders.from({ Authorization: 'Bearer s3cret\n' })).not.toThrow(/s3cret/);
  });

  test('a refused set leaves the headers as they were', () => {
    const headers = sample();
    expect(() => headers.set('Foo', 'a\nb')).toThrow(UsageError);
    expect([...headers]).toEqual([...sample()]);
  });
});
