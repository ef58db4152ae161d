import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { baseNameOf, safeSegments } from '../../../src/cli/terminal/files/safe-names.ts';
import { formatBytes, formatSeconds, RateMeter } from '../../../src/cli/terminal/progress-bar.ts';

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

describe('progress', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 KB'],
    [99_949, '99.9 KB'],
    [123_456, '123 KB'],
    [999_999, '1.0 MB'],
    [5_000_000_000, '5.0 GB'],
    [1e16, '10000 TB'],
  ])('shows %d bytes as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it.each([
    [0, '0:00'],
    [59.1, '1:00'],
    [61, '1:01'],
    [3661, '1:01:01'],
  ])('shows %d seconds as %s', (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text);
  });

  it('knows rate and time left from the last seconds, also after a cut', () => {
    const meter = new RateMeter();
    expect(meter.describe(100)).toBe('0 B/s, -:-- left');
    for (let second = 0; second <= 20; second++)
      meter.add(second * 1000, second < 10 ? second * 1000 : 10_000 + second * 2000);
    expect(meter.describe(70_000)).toBe('2.0 KB/s, 0:10 left');
    meter.add(21_000, 1000);
    meter.add(22_000, 2000);
    expect(meter.describe(3000)).toBe('1.0 KB/s, 0:01 left');
  });
});
