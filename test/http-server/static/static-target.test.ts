import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatPath, parseStaticTarget } from '../../../src/http-server/static/static-target.ts';

const posix = { allowsDotFiles: false, isWindows: false };
const windows = { allowsDotFiles: false, isWindows: true };

const path = (segments: readonly string[], isDirectory = false, query = ''): unknown => ({
  kind: 'path',
  segments,
  isDirectory,
  query,
});

describe('the path of a request', () => {
  test.each<[string, unknown]>([
    ['/', path([], true)],
    ['/?a=/../b', path([], true, '?a=/../b')],
    ['/a', path(['a'])],
    ['/a/', path(['a'], true)],
    ['/a/b.txt?c=d?e', path(['a', 'b.txt'], false, '?c=d?e')],
    ['/%61%2Etxt', path(['a.txt'])],
    ['/gr%C3%BC%C3%9Fe', path(['grüße'])],
    ['/a%20b+c', path(['a b+c'])],
    ['/100%25', path(['100%'])],
    ['/%2525', path(['%25'])],
    ['/...', { kind: 'refused', status: 404 }],
    ['/a..b', path(['a..b'])],
    ['/.well-known/x', path(['.well-known', 'x'])],
    ['http://example.com/a?b', path(['a'], false, '?b')],
    ['http://example.com', path([], true)],
    ['http://example.com?b', path([], true, '?b')],
    ['/constructor', path(['constructor'])],
    ['//', path([], true)],
    ['/.', path([], true)],
    ['/./', path([], true)],
    ['/./a', path(['a'])],
    ['/a/.', path(['a'], true)],
    ['/a/./b', path(['a', 'b'])],
    ['/a/%2e/b', path(['a', 'b'])],
    ['/a/../b', path(['b'])],
    ['/a/..', path([], true)],
    ['/a/b/%2e%2E/c/', path(['a', 'c'], true)],
    ['/a/b/.%2e', path(['a'], true)],
    ['/a//b', path(['a', 'b'])],
    ['/a//', path(['a'], true)],
    ['///a///b///?c', path(['a', 'b'], true, '?c')],
    ['//etc/passwd', path(['etc', 'passwd'])],
    ['//example.com/a', path(['example.com', 'a'])],
    ['/.git/../a', path(['a'])],
  ])('%j is read as %j', (target, expected) => {
    expect(parseStaticTarget(target, posix)).toEqual(expected);
  });

  test.each([
    '*',
    'example.com:443',
    '/..',
    '/../',
    '/../etc/passwd',
    '/a/../..',
    '/a/../../a',
    '//../a',
    '/./../a',
    '/a/%2e%2e/%2e%2e/a',
    '/%2e%2e/a',
    '/%2E%2E/a',
    '/.%2e/a',
    '/..%2fetc',
    '/..%2Fetc',
    '/a%2fb',
    '/a%2Fb',
    '/..\\a',
    '/..%5ca',
    '/%5c',
    '/a\\b',
    '/%00',
    '/a%00.txt',
    '/a%0d%0ab',
    '/%1b',
    '/%7f',
    '/%',
    '/%4',
    '/%zz',
    '/%c0%ae%c0%ae/a',
    '/%c0%af',
    '/%e0%80%af',
    '/%ff',
    '/%ed%a0%80',
    '/%u002e%u002e/a',
    '/C:',
    '/c:/windows',
    '/a/C:/b',
    '/C%3A/windows',
    '/a.txt::$DATA',
    '/a::$INDEX_ALLOCATION/b',
  ])('%j is refused', (target) => {
    expect(parseStaticTarget(target, posix)).toEqual({ kind: 'refused', status: 400 });
  });

  test.each(['/.git/config', '/.env', '/a/.htpasswd', '/%2egit/config', '/a/.well-known/x', '/.well-known/.secret'])(
    '%j is hidden, unless names with a dot in front are allowed',
    (target) => {
      expect(parseStaticTarget(target, posix)).toEqual({ kind: 'refused', status: 404 });
      expect(parseStaticTarget(target, { ...posix, allowsDotFiles: true })).toMatchObject({ kind: 'path' });
    },
  );

  test.each([
    '/a:stream',
    '/C:a',
    '/a.txt.',
    '/a.txt%20',
    '/GIT~1/config',
    '/con',
    '/NUL.txt',
    '/a/Com1',
    '/lpt9.x',
    '/a%3Fb',
    '/a%22b',
  ])('%j is refused on Windows, where it means something else', (target) => {
    expect(parseStaticTarget(target, windows)).toEqual({ kind: 'refused', status: 404 });
    expect(parseStaticTarget(target, posix)).toMatchObject({ kind: 'path' });
  });

  test('may have 8192 characters', () => {
    const longest = `/${'a/'.repeat(4095)}a`;
    expect(parseStaticTarget(longest, posix)).toMatchObject({ kind: 'path' });
    expect(parseStaticTarget(`${longest}b`, posix)).toEqual({ kind: 'refused', status: 414 });
    expect(parseStaticTarget(`/a?${'b'.repeat(10_000)}`, posix)).toMatchObject({ kind: 'path' });
  });

  test('never names anything but entries of directories, however it is written', () => {
    const part = fc.constantFrom(
      '..',
      '.',
      '/',
      '\\',
      '%2e',
      '%2f',
      '%5c',
      '%00',
      '%25',
      '2e',
      'a',
      ':',
      '%',
      '?',
      'C:',
      '::$',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), fc.boolean(), (parts, isWindows) => {
        const target = parseStaticTarget(`/${parts.join('')}`, { allowsDotFiles: true, isWindows });
        if (target.kind === 'refused') return;
        for (const segment of target.segments) {
          expect(segment).not.toMatch(/^$|^\.\.?$|[/\\\0]/);
          if (isWindows) expect(segment).not.toMatch(/[:?]/);
        }
        const formatted = formatPath(target.segments);
        const again = parseStaticTarget(formatted === '' ? '/' : formatted, { allowsDotFiles: true, isWindows });
        expect(again).toMatchObject({ segments: target.segments });
      }),
      { numRuns: 2000 },
    );
  });
});
