import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitLines } from '../../src/cli/connect/lines.ts';
import { parseSlashCommand } from '../../src/cli/connect/slash-command.ts';

async function* pieces(chunks: readonly (Buffer | string)[]): AsyncGenerator<Buffer | string> {
  yield* chunks;
}

async function linesOf(...chunks: (Buffer | string)[]): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of splitLines(pieces(chunks))) lines.push(line.toString('latin1'));
  return lines;
}

describe('the lines of a stream', () => {
  it.each<[given: string, lines: string[]]>([
    ['', []],
    ['a', ['a']],
    ['a\n', ['a']],
    ['a\nb', ['a', 'b']],
    ['a\r\nb\r\n', ['a', 'b']],
    ['\n\n', ['', '']],
    ['a\rb\n', ['a\rb']],
    ['\r', ['']],
    ['\u00ff\u0000\n', ['\u00ff\u0000']],
  ])('are, of %j', async (given, lines) => {
    expect(await linesOf(Buffer.from(given, 'latin1'))).toEqual(lines);
  });

  it('do not end at the separators of Unicode, which JSON may contain', async () => {
    const line = '"a\u2028b\u2029c\u0085d"';
    expect(await linesOf(`${line}\n`)).toEqual([Buffer.from(line).toString('latin1')]);
  });

  it('do not depend on how the stream is cut', async () => {
    const cut = fc.array(fc.string({ unit: fc.constantFrom('a', '\n', '\r') }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(cut, async (chunks) => {
        expect(await linesOf(...chunks)).toEqual(await linesOf(chunks.join('')));
      }),
    );
  });
});

describe('a line with a slash', () => {
  it.each([
    ['/quit', { kind: 'quit' }],
    ['/stop ', { kind: 'stop' }],
    ['/start', { kind: 'start' }],
    ['/ping', { kind: 'ping', data: '' }],
    ['/ping a  b ', { kind: 'ping', data: 'a  b' }],
    ['/close', { kind: 'close', code: 1000, reason: '' }],
    ['/close 4001', { kind: 'close', code: 4001, reason: '' }],
    ['/close 4001 good bye', { kind: 'close', code: 4001, reason: 'good bye' }],
  ])('can be a command: %s', (line, command) => {
    expect(parseSlashCommand(line)).toEqual(command);
  });

  it.each(['', 'quit', ' /quit', '//quit', '/etc/hosts', '/quit now', '/closed', '/close now', '/close 99999', '/'])(
    'is a message otherwise: %j',
    (line) => {
      expect(parseSlashCommand(line)).toBeUndefined();
    },
  );
});
