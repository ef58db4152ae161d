import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { baseNameOf, safeSegments } from '../../../src/cli/terminal/files/safe-names.ts';

describe('a name from the network', () => {
  it.each(['a', 'a.txt', 'a/b/c', '.hidden', 'ä ö', '家/👨‍👩‍👧', 'aux.c', 'trailing.', 'a:b'])(
    '%j is used as it is',
    (name) => {
      expect(safeSegments(name, 'linux')).toEqual({ ok: true, segments: name.split('/') });
    },
  );

  it.each([
    ['', 'has an empty part'],
    ['/etc/passwd', 'is an absolute path'],
    ['C:/x', 'is an absolute path'],
    ['a//b', 'has an empty part'],
    ['a/', 'has an empty part'],
    ['.', "has the part '.'"],
    ['a/../../b', "has the part '..'"],
    ['a\\..\\b', 'has a backslash'],
    ['a\u0000b', 'has a character that cannot be shown'],
    ['a\nb', 'has a character that cannot be shown'],
    ['a\u202egpj.exe', 'has a character that cannot be shown'],
    ['a\ud800', 'is not proper Unicode'],
    ['x'.repeat(300), 'has a part longer than 246 bytes'],
    ['a/'.repeat(100), 'is nested deeper than 64 folders'],
    ['.f.ws.part', 'ends in .ws.part, as partial files do'],
  ])('%j is refused', (name, why) => {
    expect(safeSegments(name, 'linux')).toEqual({ ok: false, why });
    expect(safeSegments(name, 'win32').ok).toBe(false);
  });

  it.each(['aux', 'NUL', 'com1.txt', 'a/Con', 'lpt9', 'a.', 'a ', 'a:b', 'a?', 'a|b'])(
    '%j is refused on Windows',
    (name) => {
      expect(safeSegments(name, 'win32').ok).toBe(false);
    },
  );

  it('never leads out of its folder, whatever it is', () => {
    const part = fc.oneof(fc.constantFrom('..', '.', '', '/', '\\', 'a', 'C:', '\0'), fc.string());
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const safe = safeSegments(parts.join('/'), 'linux');
        if (!safe.ok) return;
        for (const segment of safe.segments) expect(segment).not.toMatch(/^\.{0,2}$|[/\\\0]/);
      }),
    );
  });

  it.each([
    ['a', 'a'],
    ['/tmp/a', 'a'],
    ['C:\\tmp\\a', 'a'],
    ['a\\b/c', 'c'],
    ['a/b\\c', 'c'],
    ['a/', ''],
  ])('of another program, %j, is cut to %j', (path, name) => {
    expect(baseNameOf(path)).toBe(name);
  });
});
