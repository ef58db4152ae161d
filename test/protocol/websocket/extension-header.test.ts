import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import {
  type ExtensionParam,
  type ParsedExtension,
  parseExtensions,
  serializeExtensions,
} from '../../../src/protocol/websocket/handshake/extension-header.ts';
import { token } from '../http1/arbitraries.ts';
import { countWork } from '../http1/count-work.ts';

const extension = (name: string, ...params: ExtensionParam[]): ParsedExtension => ({ name, params });

describe('an extension list (RFC 6455 9.1)', () => {
  test.each<[string, ParsedExtension[]]>([
    ['foo', [extension('foo')]],
    ['foo;a', [extension('foo', ['a', true])]],
    ['foo; a=1; b', [extension('foo', ['a', '1'], ['b', true])]],
    ['foo; a="1"', [extension('foo', ['a', '1'])]],
    ['foo; a="a\\b\\c"', [extension('foo', ['a', 'abc'])]],
    ['foo;a=1;a=2;a', [extension('foo', ['a', '1'], ['a', '2'], ['a', true])]],
    ['foo, bar; a, foo', [extension('foo'), extension('bar', ['a', true]), extension('foo')]],
    [' \tfoo \t;\ta\t=\t1\t, bar ', [extension('foo', ['a', '1']), extension('bar')]],
    [',, foo ,,bar,', [extension('foo'), extension('bar')]],
    ['Foo, foo', [extension('Foo'), extension('foo')]],
    [
      'permessage-deflate; client_max_window_bits; server_max_window_bits=10, permessage-deflate',
      [
        extension('permessage-deflate', ['client_max_window_bits', true], ['server_max_window_bits', '10']),
        extension('permessage-deflate'),
      ],
    ],
    [
      'constructor; __proto__=toString, __proto__; hasOwnProperty',
      [extension('constructor', ['__proto__', 'toString']), extension('__proto__', ['hasOwnProperty', true])],
    ],
  ])('%j', (value, expected) => {
    expect(parseExtensions(value)).toEqual(expected);
  });

  test.each([
    '',
    ' ',
    ',',
    ' , ,',
    ';',
    '=',
    'foo;',
    'foo; ;a',
    'foo;;a',
    'foo; =1',
    'foo; a=',
    'foo; a=,b',
    'foo; a==1',
    'foo; a=1 2',
    'foo bar',
    'foo a=1',
    'foo=1',
    '"foo"',
    'foo; "a"',
    'foo; a=""',
    'foo; a="',
    'foo; a="1',
    'foo; a="1\\',
    'foo; a="1\\"',
    'foo; a="1 2"',
    'foo; a="1,2"',
    'foo; a="1;2"',
    'foo; a="\\"1"',
    'foo; a="1"2',
    'foo; a=1"2"',
    'foo; a="1" 2',
    'f\u00e9o',
    'foo; a=\u010a',
    'foo; a="\u010a"',
    'foo\0',
    'foo, (bar)',
    'foo\r\n',
  ])('%j is malformed', (value) => {
    expect(parseExtensions(value)).toBeUndefined();
  });

  test('arbitrary text is parsed or malformed, and never throws', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(' ', '\t', ',', ';', '=', '"', '\\', 'a', 'b', '\0', 'é') }),
        (value) => {
          const parsed = parseExtensions(value);
          if (parsed !== undefined) expect(parsed.length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test.each([' ', '\t', ',', ', ', 'a,', 'a ', ';', 'a;b', '="', 'a;b="\\c",', '"\\'])(
    '64 KiB of %j cost twice what 32 KiB cost',
    (filler) => {
      const work = (length: number): number => {
        const text = filler.repeat(length / filler.length);
        return countWork(() => {
          parseExtensions(text);
          parseExtensions(`a;b="${text}`);
          parseExtensions(`a${text}b`);
        });
      };
      expect(work(65_536) / work(32_768)).toBeLessThan(2.1);
      expect(work(65_536)).toBeLessThan(20 * 65_536);
    },
  );
});

describe('writing', () => {
  test('extensions and parameters keep their order', () => {
    expect(serializeExtensions([extension('foo', ['a', '1'], ['b', true]), extension('bar')])).toBe('foo; a=1; b, bar');
    expect(serializeExtensions([])).toBe('');
  });

  test('what is written is read again as it was', () => {
    const value = fc.oneof(token, fc.constant(true as const));
    const list = fc.array(fc.record({ name: token, params: fc.array(fc.tuple(token, value)) }), { minLength: 1 });
    fc.assert(
      fc.property(list, (extensions) => {
        expect(parseExtensions(serializeExtensions(extensions))).toEqual(extensions);
      }),
    );
  });

  test.each<[unknown]>([['a b'], [''], ['a\r\nb: c'], ['a\0'], ['\u010a'], [5], [{ toString: () => 'a' }]])(
    '%j is refused as name or value',
    (text) => {
      const bad = text as string;
      expect(() => serializeExtensions([extension(bad)])).toThrow(UsageError);
      expect(() => serializeExtensions([extension('a', [bad, true])])).toThrow(UsageError);
      expect(() => serializeExtensions([extension('a', ['b', bad])])).toThrow(UsageError);
    },
  );
});
