import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { paletteFor } from '../../../src/cli/terminal/colours.ts';
import { hexDump } from '../../../src/cli/terminal/hex-dump.ts';
import { arrangeJson, toJsonLine } from '../../../src/cli/terminal/json-text.ts';
import { Capture } from '../support/fake-environment.ts';

const plain = paletteFor(new Capture(), {}, 'never');
const coloured = paletteFor(new Capture(), {}, 'always');

describe('JSON for people', () => {
  it('has one member a line', () => {
    expect(arrangeJson('{"a":[1,{"b":null}],"c":{},"d":[ ]}', plain)).toBe(
      '{\n  "a": [\n    1,\n    {\n      "b": null\n    }\n  ],\n  "c": {},\n  "d": []\n}',
    );
  });

  it('keeps what was written: long numbers, repeated names, escapes', () => {
    expect(arrangeJson('{"a":12345678901234567890,"a":1.0e5,"b":"\\u0041\\n\\""}', plain)).toBe(
      '{\n  "a": 12345678901234567890,\n  "a": 1.0e5,\n  "b": "\\u0041\\n\\""\n}',
    );
  });

  it('is the same value', () => {
    fc.assert(
      fc.property(fc.oneof(fc.array(fc.json()), fc.dictionary(fc.string(), fc.jsonValue())), (value) => {
        const text = JSON.stringify(value);
        expect(JSON.parse(arrangeJson(text, plain) ?? 'nothing')).toEqual(JSON.parse(text));
      }),
    );
  });

  it('tells names, texts, numbers and words apart by colour', () => {
    const shown = arrangeJson('{"a":"b","c":-1,"d":true}', coloured);
    expect(shown).toBe(
      '{\n  \u001b[34m"a"\u001b[39m: \u001b[32m"b"\u001b[39m,\n  \u001b[34m"c"\u001b[39m: \u001b[33m-1\u001b[39m,\n' +
        '  \u001b[34m"d"\u001b[39m: \u001b[35mtrue\u001b[39m\n}',
    );
  });

  it('cannot drive a terminal', () => {
    expect(arrangeJson('["\u009b31m\u007f\u202e\u{e0041}"]', plain)).toBe(
      '[\n  "\\u009b31m\\u007f\\u202e\\udb40\\udc41"\n]',
    );
  });

  it.each(['', 'text', '{', '{a:1}', '12', '"a"', 'null', '[1]x'])('is nothing for %j', (text) => {
    expect(arrangeJson(text, plain)).toBeUndefined();
  });

  it('is nothing for what nobody could read', () => {
    expect(arrangeJson('['.repeat(100_000) + ']'.repeat(100_000), plain)).toBeUndefined();
    expect(arrangeJson(`["${'x'.repeat(300_000)}"]`, plain)).toBeUndefined();
  });
});

describe('JSON for programs', () => {
  it('is one line that drives no terminal and reads as the same value', () => {
    const value = { data: 'a\n\u001b]52;c;cm0=\u0007\u009b\u202e\u{e0041}\u007f' };
    const line = toJsonLine(value);
    expect(line).toMatch(/^[\x20-\x7e]*$/);
    expect(JSON.parse(line)).toEqual(value);
  });
});

describe('a hex dump', () => {
  it('shows offsets, bytes and characters', () => {
    expect(hexDump(Buffer.from('hello world, how are you\n'), 1000)).toBe(
      '00000000  68 65 6c 6c 6f 20 77 6f  72 6c 64 2c 20 68 6f 77  |hello world, how|\n' +
        `00000010  20 61 72 65 20 79 6f 75  0a${' '.repeat(21)}  | are you.|`,
    );
    expect(hexDump(Buffer.alloc(0), 10)).toBe('');
  });

  it('says how much it leaves out', () => {
    expect(hexDump(Buffer.alloc(40), 16)).toMatch(/^00000000 .*\n… and 24 more bytes$/);
  });
});

describe('colours', () => {
  const choose = (isTTY: boolean, variables: Record<string, string>, choice: 'auto' | 'always' | 'never' = 'auto') =>
    paletteFor(new Capture(isTTY), variables, choice).isColoured;

  it('are for terminals', () => {
    expect(choose(true, {})).toBe(true);
    expect(choose(false, {})).toBe(false);
    expect(choose(true, { TERM: 'dumb' })).toBe(false);
  });

  it('follow an option, then NO_COLOR, then FORCE_COLOR', () => {
    expect(choose(true, { NO_COLOR: '1' })).toBe(false);
    expect(choose(true, { NO_COLOR: '' })).toBe(true);
    expect(choose(false, { FORCE_COLOR: '1' })).toBe(true);
    expect(choose(true, { FORCE_COLOR: '0' })).toBe(false);
    expect(choose(false, { FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(false);
    expect(choose(false, { NO_COLOR: '1' }, 'always')).toBe(true);
    expect(choose(true, { FORCE_COLOR: '1' }, 'never')).toBe(false);
  });
});
