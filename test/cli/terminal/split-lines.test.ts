import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSlashCommand } from '../../../src/cli/conversation/slash-command.ts';
import { splitLines } from '../../../src/cli/terminal/files/split-lines.ts';

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

  it('have an end', async () => {
    const read = async (text: string): Promise<number> => {
      let count = 0;
      for await (const _line of splitLines(pieces(text.split('')), 3)) count++;
      return count;
    };
    expect(await read('abc\nabc\n\nabc')).toBe(4);
    await expect(read('a\nabcd')).rejects.toThrow('a line is longer than 3 bytes');
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

  it.each([
    ['/headers', { kind: 'headers' }],
    ['/stats', { kind: 'stats' }],
    ['/help', { kind: 'help' }],
    ['/binary', { kind: 'binary', isOn: undefined }],
    ['/binary off', { kind: 'binary', isOn: false }],
    ['/send a b.txt', { kind: 'send', path: 'a b.txt' }],
  ])('can be about more than the connection: %s', (line, command) => {
    expect(parseSlashCommand(line)).toEqual(command);
  });

  it.each([
    ['/quit now', '/quit'],
    ['/close now', '/close [CODE [REASON]]'],
    ['/close 99999', '/close [CODE [REASON]]'],
    ['/send', '/send FILE'],
    ['/binary maybe', '/binary [on|off]'],
  ])('can be nearly a command, which has its usage shown: %s', (line, usage) => {
    expect(parseSlashCommand(line)).toEqual({ kind: 'wrong', usage });
  });

  it.each(['', 'quit', ' /quit', '//quit', '/etc/hosts', '/closed', '/'])('is a message otherwise: %j', (line) => {
    expect(parseSlashCommand(line)).toBeUndefined();
  });
});
