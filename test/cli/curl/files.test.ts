import { randomBytes } from 'node:crypto';
import { symlinkSync } from 'node:fs';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { readForm, readStringForm } from '../../../src/cli/curl/option-readers.ts';
import { nameFromHeader, nameFromUrl } from '../../../src/cli/curl/output-names.ts';
import { withQuery } from '../../../src/cli/curl/url-query.ts';
import { BadValue } from '../../../src/cli/line/command-table.ts';
import { CurlExitCode, ExitCode } from '../../../src/cli/terminal/exit-codes.ts';
import { serveFiles } from '../../../src/index.ts';
import { startHttpServer } from '../../support/http-running.ts';
import { type JudgeServer, startJudge } from '../../support/http-server.ts';
import { startCli, stopAll } from '../support/fake-environment.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

afterEach(stopAll);

/** A folder that is the working directory until the test is over. */
function enterFolder(): TemporaryFolder {
  const before = process.cwd();
  const folder = new TemporaryFolder();
  process.chdir(folder.path);
  onTestFinished(() => process.chdir(before));
  return folder;
}

/** Sends `content` under the name that it is asked for. */
function naming(disposition: string, content = 'new'): Promise<JudgeServer> {
  return startJudge((_request, response) => {
    response.setHeader('Content-Disposition', disposition).end(content);
  });
}

const code = (argv: readonly string[]): Promise<ExitCode> => startCli(['curl', '-s', ...argv]).done;

describe('ws curl writes', () => {
  it('one file for each URL, and the rest to standard output', async () => {
    const server = await startJudge((request, response) => void response.end(request.url));
    const folder = new TemporaryFolder();
    const urls = ['a', 'b', 'c'].map((name) => server.url + name);
    const cli = startCli(['curl', '-o', folder.write('1', 'longer than before'), '-o', folder.at('2'), ...urls]);
    expect(await cli.done).toBe(ExitCode.Done);
    expect(['1', '2'].map((name) => folder.read(name).toString())).toEqual(['/a', '/b']);
    expect(cli.stdout.text).toBe('/c');
  });

  it('an empty file for an empty body, and none when there was no answer', async () => {
    const server = await startJudge((_request, response) => void response.end());
    const folder = new TemporaryFolder();
    expect(await code(['-o', folder.at('empty'), server.url])).toBe(ExitCode.Done);
    expect(await code(['-o', folder.at('none'), 'http://127.0.0.1:1/'])).toBe(CurlExitCode.CouldNotConnect);
    expect(await code(['-f', '-o', folder.at('none'), 'http://127.0.0.1:1/'])).toBe(CurlExitCode.CouldNotConnect);
    expect(folder.tree).toEqual(['empty']);
  });

  it('with -O a file of the name in the URL, here and nowhere else, and not through a link', async () => {
    const server = await startJudge((_request, response) => void response.end('new'));
    const folder = enterFolder();
    folder.write('old.txt', 'before');
    folder.write('target', 'untouched');
    symlinkSync('target', folder.at('link'));
    expect(await code(['-O', `${server.url}dir/old.txt?x=/y`])).toBe(ExitCode.Done);
    expect(await code(['-O', `${server.url}a/..`])).toBe(CurlExitCode.WriteError);
    expect(await code(['-O', `${server.url}link`])).toBe(CurlExitCode.WriteError);
    expect(folder.tree).toEqual(['link', 'old.txt', 'target']);
    expect(folder.read('old.txt').toString()).toBe('new');
    expect(folder.read('target').toString()).toBe('untouched');
  });

  it('with -J a file of the name that the server says, which replaces nothing', async () => {
    const folder = enterFolder();
    const server = await naming('attachment; filename="report.pdf"');
    expect(await code(['-OJ', `${server.url}x`])).toBe(ExitCode.Done);
    expect(folder.tree).toEqual(['report.pdf']);
    folder.write('report.pdf', 'mine');
    const again = startCli(['curl', '-OJ', `${server.url}x`]);
    expect(await again.done).toBe(CurlExitCode.WriteError);
    expect(again.stderr.text).toMatch(/report\.pdf is there already\n {4}Replace it with --force/);
    expect(folder.read('report.pdf').toString()).toBe('mine');
    expect(await code(['-OJ', '--force', `${server.url}x`])).toBe(ExitCode.Done);
    expect(folder.read('report.pdf').toString()).toBe('new');
  });

  it.each([
    ['attachment; filename="../../evil"', ['evil']],
    ['attachment; filename="..\\\\..\\\\evil.exe"', ['evil.exe']],
    ['attachment; filename=".."', []],
    ['attachment; filename="a/"', []],
    ['attachment; filename="a\tb"', []],
    ["attachment; filename*=UTF-8''%2e%2e%2fgr%C3%BCn.txt; filename=plain", ['grün.txt']],
    ['attachment', ['from-url']],
  ])('with -J nothing outside of the folder: %s', async (disposition, tree) => {
    const folder = enterFolder();
    const server = await naming(disposition);
    expect(await code(['-OJ', `${server.url}from-url`])).toBe(tree.length > 0 ? 0 : CurlExitCode.WriteError);
    expect(folder.tree).toEqual(tree);
  });

  it('the rest of a file with -C -, and nothing when it is whole', async () => {
    const [here, there] = [new TemporaryFolder(), new TemporaryFolder()];
    const content = randomBytes(500_000);
    there.write('f.bin', content);
    const server = await startHttpServer(serveFiles(there.path));
    const path = here.write('f', content.subarray(0, 123_456));
    const argv = ['-C', '-', '-o', path, '-w', '%{size_download}', `${server.url}/f.bin`];
    const rest = startCli(['curl', ...argv]);
    expect(await rest.done).toBe(ExitCode.Done);
    expect(rest.stdout.text).toBe(String(500_000 - 123_456));
    expect(here.read('f').equals(content)).toBe(true);
    expect(await code(argv)).toBe(ExitCode.Done);
    expect(here.read('f').equals(content)).toBe(true);
    expect(await code(['-C', '-', '-o', here.at('fresh'), `${server.url}/f.bin`])).toBe(ExitCode.Done);
    expect(here.read('fresh').equals(content)).toBe(true);
  });

  it('nothing more of a file that a server without ranges has no longer version of', async () => {
    const server = await startJudge((_request, response) => void response.setHeader('Content-Length', 3).end('xyz'));
    const folder = new TemporaryFolder();
    expect(await code(['-C', '-', '-o', folder.write('f', 'abc'), server.url])).toBe(ExitCode.Done);
    expect(folder.read('f').toString()).toBe('abc');
  });

  it('a bar while it downloads, on a terminal, unless -s', async () => {
    const server = await startJudge((_request, response) => {
      response.setHeader('Content-Length', 1_000_000).end(Buffer.alloc(1_000_000));
    });
    const folder = new TemporaryFolder();
    const bar = /file \[[#.]{24}\] \d+% of 1\.0 MB, .+ left/;
    for (const [options, isTerminal, isShown] of [
      [[], true, true],
      [['-s'], true, false],
      [[], false, false],
    ] as const) {
      const cli = startCli(['curl', ...options, '-o', folder.at('file'), server.url], { isTerminal });
      expect(await cli.done).toBe(ExitCode.Done);
      if (isShown) expect(cli.stderr.text).toMatch(bar);
      else expect(cli.stderr.text).toBe('');
    }
  });

  it('what comes at the pace at which it is taken', async () => {
    const server = await startJudge((_request, response) => {
      let left = 200;
      const more = (): void => {
        while (left-- > 0) if (!response.write(Buffer.alloc(1_000_000))) return void response.once('drain', more);
        response.end();
      };
      more();
    });
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().arrayBuffers - before)), 5);
    expect(await code(['-o', new TemporaryFolder().at('f'), '-w', '', server.url])).toBe(ExitCode.Done);
    clearInterval(watch);
    expect(most).toBeLessThan(100_000_000);
  });
});

describe('retries', () => {
  it('are made as often and as late as they are asked for', async () => {
    let count = 0;
    const times: number[] = [];
    const server = await startJudge((_request, response) => {
      times.push(performance.now());
      response.writeHead(++count < 3 ? 503 : 200).end(String(count));
    });
    const cli = startCli(['curl', '--retry', '2', '--retry-delay', '0.3', server.url]);
    expect(await cli.done).toBe(ExitCode.Done);
    expect(cli.stdout.text).toBe('3');
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(290);
    expect((times[2] ?? 0) - (times[1] ?? 0)).toBeGreaterThan(290);
  });
});

describe('what is typed', () => {
  it.each([
    ['a=b', { name: 'a', source: { kind: 'text', text: 'b' } }],
    ['a=b;c=d', { source: { text: 'b;c=d' } }],
    ['a="John; Doe"', { source: { text: 'John; Doe' }, type: undefined }],
    ['a="q\\"uo;te"; type=text/x', { source: { text: 'q"uo;te' }, type: 'text/x' }],
    ['a="open', { source: { text: '"open' } }],
    ['a={"a":"1;2"};type=application/json', { source: { text: '{"a":"1;2"}' }, type: 'application/json' }],
    ['a=b;filename=c', { source: { text: 'b' }, filename: 'c' }],
    ['a=<f', { source: { kind: 'content', path: 'f' } }],
    ['a=<f;type=text/x', { source: { kind: 'content', path: 'f' }, type: 'text/x' }],
    ['a=@f', { source: { kind: 'files', files: [{ path: 'f', type: undefined, filename: undefined }] } }],
    ['a=@f;type=text/plain; filename=g', { source: { files: [{ path: 'f', type: 'text/plain', filename: 'g' }] } }],
    ['a=@"f;type=x";type=y/z', { source: { files: [{ path: 'f;type=x', type: 'y/z' }] } }],
    ['a=@f;filename="q\\"uo;te"', { source: { files: [{ filename: 'q"uo;te' }] } }],
    [
      'a=@f;type=text/plain; charset=utf-8;filename=g',
      { source: { files: [{ type: 'text/plain; charset=utf-8', filename: 'g' }] } },
    ],
    [
      'a=@f,g;type=text/x,"h,i" ,  j;filename=k',
      {
        source: {
          files: [{ path: 'f' }, { path: 'g', type: 'text/x' }, { path: 'h,i' }, { path: 'j', filename: 'k' }],
        },
      },
    ],
    ['a==b', { name: 'a', source: { text: '=b' } }],
  ])('%s is read as a part of a form', (text, part) => {
    expect(readForm(text)).toMatchObject(part);
  });

  it.each(['a=@', 'a=@f,', 'a=@f;what=x', 'a=@"f"g', 'a=b;type=nothing', 'a=<', '=b', 'a'])('%s is refused', (text) => {
    expect(() => readForm(text)).toThrow(BadValue);
  });

  it('a string of a form is taken as it is', () => {
    expect(readStringForm('a=@b;type=c').source).toEqual({ kind: 'text', text: '@b;type=c' });
  });

  it.each([
    ['http://h/a', 'http://h/a?q'],
    ['http://h/a?', 'http://h/a?q'],
    ['http://h/a?b#c', 'http://h/a?b&q#c'],
  ])('data goes into the query of %s', (url, whole) => {
    expect(withQuery(url, 'q')).toBe(whole);
  });

  it('names come from URLs as they are written, and from headers with care', () => {
    expect(nameFromUrl('http://h/a/b%20c.txt?d/e#f/g', 'linux')).toBe('b%20c.txt');
    expect(() => nameFromUrl('http://h', 'linux')).toThrow('does not end in the name of a file');
    expect(() => nameFromUrl('http://h/nul.txt', 'win32')).toThrow('device');
    expect(nameFromHeader('inline; filename=a.txt', 'linux')).toBe('a.txt');
    expect(nameFromHeader('inline; x="; filename=no"', 'linux')).toBeUndefined();
    expect(nameFromHeader(undefined, 'linux')).toBeUndefined();
  });
});
