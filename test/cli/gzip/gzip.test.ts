import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ExitCode } from '../../../src/cli/terminal/exit-codes.ts';
import { startCli } from '../support/fake-environment.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const text = Buffer.from('hello hello hello\n'.repeat(1000));

describe('ws gzip', () => {
  it('compresses a file next to it, which stays, and says so as the C++ program does', async () => {
    const folder = new TemporaryFolder();
    const path = folder.write('f.txt', Buffer.concat([text, Buffer.from([0xff])]));
    const cli = startCli(['gzip', path]);
    expect(await cli.done).toBe(ExitCode.Done);
    expect(folder.tree).toEqual(['f.txt', 'f.txt.gz']);
    expect(gunzipSync(folder.read('f.txt.gz'))).toEqual(folder.read('f.txt'));
    const log = cli.stdout.text.replaceAll(/^\[.*?\] \[info\] /gm, '');
    expect(log).toMatch(
      /^compressing 1 times\ngzip input: \S+f\.txt size 18001 cksum \d+\nmedian runtime to compress file: \d+\n/,
    );
    expect(log).toMatch(/\ngzip output: \S+f\.txt\.gz size \d+ cksum \d+\n$/);
    expect(cli.stderr.text).toMatch(/^compressing file completed in \d+ us\n$/);
  });

  it('is understood by gzip', async () => {
    const folder = new TemporaryFolder();
    await startCli(['gzip', '-q', folder.write('f', text)]).done;
    expect(execFileSync('gzip', ['-dc', folder.at('f.gz')])).toEqual(text);
  });

  it('runs as often as it is told', async () => {
    const folder = new TemporaryFolder();
    const cli = startCli(['gzip', '--run-count', '3', '--json', folder.write('f', text)]);
    expect(await cli.done).toBe(ExitCode.Done);
    expect(cli.stdout.text).toMatch(/"event":"median",[^\n]*"runs":3/);
  });

  it('replaces nothing unasked', async () => {
    const folder = new TemporaryFolder();
    const path = folder.write('f', text);
    folder.write('f.gz', 'mine');
    const cli = startCli(['gzip', '-q', path]);
    expect(await cli.done).toBe(ExitCode.Failed);
    expect(cli.stderr.text).toMatch(/^ws: gzip: \S+f\.gz is there already\n {4}Replace it with --force/);
    expect(folder.read('f.gz').toString()).toBe('mine');
    expect(await startCli(['gzip', '-q', '--force', path]).done).toBe(ExitCode.Done);
    expect(gunzipSync(folder.read('f.gz'))).toEqual(text);
  });
});

describe('ws gunzip', () => {
  it('decompresses a file next to it', async () => {
    const folder = new TemporaryFolder();
    const content = randomBytes(300_000);
    const cli = startCli(['gunzip', folder.write('f.txt.gz', gzipSync(content))]);
    expect(await cli.done).toBe(ExitCode.Done);
    expect(folder.tree).toEqual(['f.txt', 'f.txt.gz']);
    expect(folder.read('f.txt').equals(content)).toBe(true);
    expect(cli.stdout.text).toMatch(
      /filename to gunzip: \S+f\.txt\.gz\n.*gunzip input: .*\n.*gunzip output: \S+f\.txt size 300000/,
    );
  });

  it('decompresses all members, to standard output', async () => {
    const folder = new TemporaryFolder();
    const path = folder.write('f.gz', Buffer.concat([gzipSync('one '), gzipSync('two')]));
    const cli = startCli(['gunzip', '-c', path]);
    expect(await cli.done).toBe(ExitCode.Done);
    expect(cli.stdout.text).toBe('one two');
    expect(folder.tree).toEqual(['f.gz']);
  });

  it.each([
    ['a.tgz', 'a.tar'],
    ['b.GZ', 'b'],
  ])('writes %s to %s', async (name, target) => {
    const folder = new TemporaryFolder();
    expect(await startCli(['gunzip', '-q', folder.write(name, gzipSync(text))]).done).toBe(ExitCode.Done);
    expect(folder.read(target)).toEqual(text);
  });

  it('takes zeros behind the end for padding, as tapes have it, and nothing else', async () => {
    const padded = Buffer.concat([gzipSync(text), Buffer.alloc(100_000)]);
    const folder = new TemporaryFolder();
    expect(await startCli(['gunzip', '-q', folder.write('f.gz', padded)]).done).toBe(ExitCode.Done);
    expect(folder.read('f')).toEqual(text);
    const cli = startCli(['gunzip', '-q', folder.write('g.gz', Buffer.concat([padded, Buffer.from('x')]))]);
    expect(await cli.done).toBe(ExitCode.Failed);
    expect(cli.stderr.text).toContain('g.gz: there is something behind the end');
  });

  const whole = gzipSync(text);
  const damaged = Buffer.from(whole);
  damaged.writeUInt32LE(0, whole.length - 8);
  it.each([
    ['ends too early', whole.subarray(0, -1), 'it ends too early'],
    ['ends in its header', whole.subarray(0, 5), 'it ends too early'],
    ['has a wrong check sum', damaged, 'it is damaged, or not in gzip format (incorrect data check)'],
    [
      'has something behind its end',
      Buffer.concat([whole, Buffer.from('more')]),
      'it is damaged, or not in gzip format',
    ],
    ['is no gzip file', Buffer.from('hello'), 'it is damaged, or not in gzip format (incorrect header check)'],
    ['is empty', Buffer.alloc(0), 'it ends too early'],
  ])('leaves nothing of a file that %s', async (_, bytes, why) => {
    const folder = new TemporaryFolder();
    const cli = startCli(['gunzip', '-q', folder.write('f.gz', bytes)]);
    expect(await cli.done).toBe(ExitCode.Failed);
    expect(cli.stderr.text).toContain(`f.gz: ${why}`);
    expect(folder.tree).toEqual(['f.gz']);
  });

  it.each([
    [
      'a name that does not tell',
      ['f'],
      /^ws: gunzip: \S+f does not end in \.gz\n {4}Say where to write with --output\.\n/,
    ],
    ['itself', ['f.gz', '--output', 'f.gz'], /^ws: gunzip: the output must not be the input\n/],
    ['both', ['f.gz', '--output', 'x', '-c'], /^ws: gunzip: give either --stdout or --output\n/],
  ])('is used wrongly with %s', async (_, words, message) => {
    const folder = new TemporaryFolder();
    folder.write('f', gzipSync(text));
    folder.write('f.gz', gzipSync(text));
    const argv = words.map((word) => (word.startsWith('-') ? word : folder.at(word)));
    const cli = startCli(['gunzip', '--force', ...argv]);
    expect(await cli.done).toBe(ExitCode.WrongUsage);
    expect(cli.stderr.text).toMatch(message);
    expect(folder.read('f.gz')).toEqual(gzipSync(text));
  });

  it('fails for a file that does not exist', async () => {
    const cli = startCli(['gunzip', '/no/such.gz']);
    expect(await cli.done).toBe(ExitCode.Failed);
    expect(cli.stderr.text).toMatch(/^ws: gunzip: \/no\/such\.gz: no such file or directory\n/);
  });
});
