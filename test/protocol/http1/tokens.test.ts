import { describe, expect, test } from 'vitest';
import {
  equalsIgnoringCase,
  isFieldValue,
  isTarget,
  isToken,
  listIncludes,
  parseTokenList,
  splitList,
  trimOws,
} from '../../../src/protocol/http1/tokens.ts';
import { countWork } from './count-work.ts';

describe('character classes', () => {
  test('a token is one or more of the 77 tchar (RFC 9110 5.6.2)', () => {
    const chars = Array.from({ length: 0x180 }, (_, code) => String.fromCharCode(code));
    expect(chars.filter(isToken).join('')).toBe(
      "!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~",
    );
    expect(isToken('')).toBe(false);
    expect(isToken('a b')).toBe(false);
  });

  test('a field value holds no control but HTAB, and nothing above U+00FF (RFC 9110 5.5)', () => {
    const refused = Array.from({ length: 0x180 }, (_, code) => code).filter(
      (code) => !isFieldValue(String.fromCharCode(code)),
    );
    const controls = Array.from({ length: 0x20 }, (_, code) => code).filter((code) => code !== 0x09);
    expect(refused).toEqual([...controls, 0x7f, ...Array.from({ length: 0x80 }, (_, i) => 0x100 + i)]);
    expect(isFieldValue('')).toBe(true);
  });

  test('a target is visible ASCII without a fragment', () => {
    expect(isTarget('/a?b={c}|"<d>\\^`%zz')).toBe(true);
    for (const text of ['', '/a b', '/a#b', '/\t', '/\r\n', '/\0', '/é', '/\u212a']) expect(isTarget(text)).toBe(false);
  });
});

describe('lists (RFC 9110 5.6.1)', () => {
  test.each<[string, string[]]>([
    ['', []],
    [',', []],
    [' , ,\t', []],
    ['a', ['a']],
    ['a,b', ['a', 'b']],
    [' a ,\tb\t, , c', ['a', 'b', 'c']],
    ['a b,c', ['a b', 'c']],
  ])('%j', (text, elements) => {
    expect(splitList(text)).toEqual(elements);
  });

  test('a list with an element that is no token is none', () => {
    expect(parseTokenList('a, b')).toEqual(['a', 'b']);
    expect(parseTokenList('a b')).toBeUndefined();
    expect(parseTokenList('a, "b"')).toBeUndefined();
    expect(parseTokenList('a, \xa0b')).toBeUndefined();
  });

  test('an element is found in any case, and only as a whole', () => {
    expect(listIncludes('keep-alive, Upgrade', 'upgrade')).toBe(true);
    expect(listIncludes('UPGRADE', 'upgrade')).toBe(true);
    expect(listIncludes('upgrades, not-upgrade, up grade', 'upgrade')).toBe(false);
    expect(listIncludes('', 'upgrade')).toBe(false);
  });
});

test('trimming removes SP and HTAB only', () => {
  expect(trimOws(' \ta \t')).toBe('a');
  expect(trimOws(' \t ')).toBe('');
  expect(trimOws('\xa0\u2003a\n')).toBe('\xa0\u2003a\n');
});

test('two strings are equal but for the case of ASCII letters', () => {
  expect(equalsIgnoringCase('WebSocket', 'wEBsOCKET')).toBe(true);
  expect(equalsIgnoringCase('websocket', 'websockets')).toBe(false);
  expect(equalsIgnoringCase('[', '{')).toBe(false);
  expect(equalsIgnoringCase('@', '`')).toBe(false);
  expect(equalsIgnoringCase('\u212a', 'k')).toBe(false);
  expect(equalsIgnoringCase('\u012a', '\u010a')).toBe(false);
  expect(equalsIgnoringCase('é', 'É')).toBe(false);
});

test.each([' ', '\t', ',', ' ,', 'a ', 'a,', '"', '\\'])(
  '64 KiB of %j cost twice what 32 KiB cost (CVE-2021-32640)',
  (filler) => {
    const work = (length: number): number => {
      const text = filler.repeat(length / filler.length);
      return countWork(() => {
        trimOws(text);
        trimOws(`a${text}a`);
        splitList(text);
        parseTokenList(text);
        listIncludes(text, 'upgrade');
      });
    };
    expect(work(65_536) / work(32_768)).toBeLessThan(2.1);
    expect(work(65_536)).toBeLessThan(20 * 65_536);
  },
);
