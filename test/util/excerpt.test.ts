import { expect, test } from 'vitest';
import { excerpt } from '../../src/util/excerpt.ts';

test.each([
  ['plain text', 'plain text'],
  ['', ''],
  ['a\u001b[2Jb', 'a\\u{1b}[2Jb'],
  ['two\r\nlines', 'two\\u{d}\\u{a}lines'],
  ['C1 \u009b', 'C1 \\u{9b}'],
  ['turned \u202e round', 'turned \\u{202e} round'],
  ['no width\u200b', 'no width\\u{200b}'],
  ['half \ud83d', 'half \\u{d83d}'],
  ['whole 😀 é', 'whole 😀 é'],
])('an excerpt of %j shows what would do something', (text, shown) => {
  expect(excerpt(text)).toBe(shown);
});

test('an excerpt ends after as many characters as are wanted, and leaves no half one', () => {
  expect(excerpt('x'.repeat(65))).toBe(`${'x'.repeat(64)}…`);
  expect(excerpt('x'.repeat(64))).toBe('x'.repeat(64));
  expect(excerpt('abc', 2)).toBe('ab…');
  expect(excerpt('a😀', 2)).toBe('a…');
});
