import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { CurlExitCode, ExitCode } from '../../../src/cli/terminal/exit-codes.ts';
import { listenAnswering, response, startJudge } from '../../support/http-server.ts';
import { startHttpProxy } from '../../support/proxies.ts';
import { listenRaw } from '../../support/raw-server.ts';
import { identity } from '../../support/secure.ts';
import { type FakeOptions, startCli, stopAll } from '../support/fake-environment.ts';
import { freePort } from '../support/peers.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

afterEach(stopAll);

async function expectCode(
  code: ExitCode,
  error: RegExp | '',
  argv: readonly string[],
  options?: FakeOptions,
): Promise<void> {
  const cli = startCli(['curl', ...argv], options);
  expect(await cli.done).toBe(code);
  if (error === '') expect(cli.stderr.text).toBe('');
  else {
    // One line that says why, and a hint below it.
    expect(cli.stderr.text).toMatch(/^ws: curl: .+\n( {4}.+\n)?$/);
    expect(cli.stderr.text).toMatch(error);
  }
}

/** The URL of a server that answers in this way. */
async function answering(
  answer: Parameters<typeof listenAnswering>[0],
  after: 'stay' | 'end' | 'reset' = 'stay',
): Promise<string> {
  return `http://127.0.0.1:${(await listenAnswering(answer, after)).port}/x`;
}

const ok = 'HTTP/1.1 200 OK\r\n';

describe('ws curl ends with', () => {
  it('0 for every whole answer', async () => {
    await expectCode(ExitCode.Done, '', [await answering(response('gone', {}, '404 Not Found'))]);
  });

  it('1 for a protocol it does not speak, and an answer that is none of HTTP', async () => {
    await expectCode(CurlExitCode.UnsupportedProtocol, /the protocol gopher is not supported/, ['gopher://x/']);
    await expectCode(CurlExitCode.UnsupportedProtocol, /status line/, [await answering('SSH-2.0-x\r\n\r\n')]);
  });

  it.each([
    ['-o a -O u', /either -o or -O/],
    ['-J u', /-J goes with -O/],
    ['-G u', /-G needs data/],
    ['-I -d x u', /-I asks for headers only/],
    ['-T f -d x u', /different bodies/],
    ['-F a=1 --data-raw x u', /only -d adds to the form/],
    ['-F a u', /--form must look like NAME=CONTENT/],
    ['-F a=1;type=x u', /no media type/],
    ['-C - -r 0-1 u', /either -C or -r/],
    ['-C - --compressed u', /compressed/],
    ['-4 -6 u', /either -4 or -6/],
    ['-r 5 u', /--range must be a range/],
    ['--resolve x u', /--resolve must look like/],
    ['-b file u', /--cookie must look like/],
    ['-d @- u v', /sent once only/],
    ['-H Upgrade:x 127.0.0.1:1', /Upgrade is not for the caller/],
  ])('2 for wrong usage: %s', async (line, error) => {
    await expectCode(ExitCode.WrongUsage, error, line.split(' '));
  });

  it('3 for a URL that is none', async () => {
    await expectCode(CurlExitCode.UrlMalformed, /\(3\) Cannot parse url/, ['http://a b/']);
    await expectCode(CurlExitCode.UrlMalformed, /\(3\)/, ['http://127.0.0.1:0/']);
    await expectCode(CurlExitCode.UrlMalformed, /\(3\)/, ['ws://a b/']);
  });

  it('5 and 6 for names that lead nowhere', async () => {
    // Nothing is asked of the network: --resolve has no address of the family that is wanted.
    const nowhere = ['-4', '--resolve', 'x.test:80:::1'];
    await expectCode(CurlExitCode.HostNotResolved, /\(6\)[^]*spelled right/, [...nowhere, 'http://x.test/']);
    await expectCode(CurlExitCode.HostNotResolved, /\(6\)/, [...nowhere, 'ws://x.test/']);
    await expectCode(CurlExitCode.ProxyNotResolved, /\(5\)/, [...nowhere, '-x', 'x.test', 'http://y.test/']);
    await expectCode(CurlExitCode.ProxyNotResolved, /\(5\) proxy/, ['-x', 'gopher://x', 'http://y.test/']);
  });

  it('7 where nobody listens', async () => {
    const port = await freePort();
    await expectCode(CurlExitCode.CouldNotConnect, /\(7\).+refused[^]*Is the server running/, [`127.0.0.1:${port}`]);
    await expectCode(CurlExitCode.CouldNotConnect, /\(7\)/, [`ws://127.0.0.1:${port}`]);
    await expectCode(CurlExitCode.CouldNotConnect, /\(7\)/, ['-x', `127.0.0.1:${port}`, 'http://y.test/']);
  });

  it('8 for headers that break the rules', async () => {
    await expectCode(CurlExitCode.WeirdReply, /\(8\)/, [await answering(`${ok}A : b\r\n\r\n`)]);
  });

  it('18 for a body that is cut off, after what came of it', async () => {
    const url = await answering(`${ok}Content-Length: 5\r\n\r\nabc`, 'end');
    const cli = startCli(['curl', url]);
    expect(await cli.done).toBe(CurlExitCode.PartialBody);
    expect(cli.stdout.text).toBe('abc');
    const chunked = await answering(`${ok}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`, 'end');
    await expectCode(CurlExitCode.PartialBody, /\(18\)/, [chunked]);
  });

  it('22 with -f, without the body, and with --fail-with-body, with it', async () => {
    const url = await answering(response('gone', {}, '404 Not Found'));
    const failing = startCli(['curl', '-f', url]);
    expect(await failing.done).toBe(CurlExitCode.HttpError);
    expect(failing.stdout.text).toBe('');
    expect(failing.stderr.text).toBe('ws: curl: (22) The requested URL returned error: 404\n');
    const shown = startCli(['curl', '--fail-with-body', '-s', url]);
    expect(await shown.done).toBe(CurlExitCode.HttpError);
    expect(shown.stdout.text).toBe('gone');
    expect(shown.stderr.text).toBe('');
    await expectCode(ExitCode.Done, '', ['-f', await answering(response('', {}, '302 Found'))]);
  });

  it('23 for what cannot be written', async () => {
    const folder = new TemporaryFolder();
    const url = await answering(response('abc'));
    await expectCode(CurlExitCode.WriteError, /\(23\) cannot write \S+: no such file or directory\n/, [
      '-o',
      folder.at('no/such'),
      url,
    ]);
    await expectCode(CurlExitCode.WriteError, /\(23\) cannot write /, ['-D', folder.path, url]);
    await expectCode(CurlExitCode.WriteError, /\(23\)/, ['-O', url.replace('/x', '/')]);
    const binary = await answering(response('a\0b'));
    await expectCode(CurlExitCode.WriteError, /binary output can mess up/, [binary], { isTerminal: true });
    await expectCode(ExitCode.Done, '', ['-o', '-', binary], { isTerminal: true });
  });

  it('26 for what cannot be read', async () => {
    const url = await answering(response('abc'));
    const path = new TemporaryFolder().at('missing');
    for (const argv of [
      ['-d', `@${path}`],
      ['--data-binary', `@${path}`],
      ['-F', `a=@${path}`],
      ['-F', `a=<${path}`],
      ['-T', path],
    ]) {
      await expectCode(CurlExitCode.ReadError, /\(26\) .*missing/, [...argv, url]);
    }
    await expectCode(CurlExitCode.ReadError, /\(26\)/, ['-w', `@${path}`, url]);
  });

  it('28 when it takes too long', async () => {
    const url = await answering('');
    await expectCode(CurlExitCode.TimedOut, /\(28\) Timed out[^]*--transfer-timeout/, ['-m', '0.05', url]);
    await expectCode(CurlExitCode.TimedOut, /\(28\)/, ['--max-time', '0.05', url.replace('http', 'ws')]);
    const silent = await listenRaw();
    const secure = `https://127.0.0.1:${silent.port}/`;
    await expectCode(CurlExitCode.TimedOut, /connecting took/, ['--connect-timeout', '0.05', secure]);
  });

  it('33 when the rest of a file is not what comes', async () => {
    const folder = new TemporaryFolder();
    const path = folder.write('part', 'abc');
    const whole = await answering(response('another file'));
    await expectCode(CurlExitCode.RangeError, /\(33\)/, ['-C', '-', '-o', path, whole]);
    const other = await answering(response('xx', { 'Content-Range': 'bytes 5-6/7' }, '206 Partial Content'));
    await expectCode(CurlExitCode.RangeError, /\(33\)/, ['-C', '-', '-o', path, other]);
    expect(folder.read('part').toString()).toBe('abc');
  });

  it('35 when TLS finds no common ground, 60 for a certificate that is not trusted', async () => {
    const plain = await startJudge((_request, answer) => void answer.end('abc'));
    await expectCode(CurlExitCode.TlsFailed, /\(35\)/, [plain.url.replace('http', 'https')]);
    const secure = await startJudge((_request, answer) => void answer.end('abc'), { isSecure: true });
    await expectCode(CurlExitCode.Certificate, /\(60\)[^]*--ca-file/, [secure.url]);
    await expectCode(ExitCode.Done, '', ['--insecure', secure.url]);
  });

  it('58, 59 and 77 for TLS files and ciphers that cannot be used', async () => {
    const folder = new TemporaryFolder();
    const bad = folder.write('bad.pem', 'no');
    const key = folder.write('key.pem', identity.keyFile);
    const url = 'https://127.0.0.1:1/';
    await expectCode(CurlExitCode.TlsClientCertificate, /\(58\)/, ['-E', bad, '--key', key, url]);
    await expectCode(CurlExitCode.TlsClientCertificate, /\(58\)/, ['--cert', bad, url]);
    await expectCode(CurlExitCode.TlsAuthorities, /\(77\)/, ['--cacert', folder.at('missing'), url]);
    await expectCode(CurlExitCode.TlsCiphers, /\(59\)/, ['--ciphers', 'NO-SUCH', url]);
  });

  it('47 for more redirects than may be followed', async () => {
    const url = await answering(response('', { Location: '/x' }, '302 Found'));
    await expectCode(CurlExitCode.TooManyRedirects, /\(47\)[^]*--max-redirects/, ['-L', url]);
    await expectCode(CurlExitCode.TooManyRedirects, /\(47\)/, ['-L', '--max-redirs', '0', url]);
  });

  it('52 for no answer at all, 56 for one that breaks off or breaks the rules', async () => {
    await expectCode(CurlExitCode.EmptyReply, /\(52\)/, [await answering('', 'end')]);
    const bad = await answering(`${ok}Transfer-Encoding: chunked\r\n\r\nzz\r\n`);
    await expectCode(CurlExitCode.ReceiveError, /\(56\)/, [bad]);
    await expectCode(CurlExitCode.ReceiveError, /\(56\)/, [await answering(`${ok}Conte`, 'end')]);
  });

  it('56 when the connection is reset in the middle of a body', async () => {
    const server = await listenAnswering(`${ok}Content-Length: 5\r\n\r\nab`);
    const cli = startCli(['curl', `http://127.0.0.1:${server.port}/`]);
    await cli.stdout.match(/ab/);
    (await server.accept()).socket.resetAndDestroy();
    expect(await cli.done).toBe(CurlExitCode.ReceiveError);
    expect(cli.stderr.text).toMatch(/^ws: curl: \(56\) .*reset\n$/);
  });

  it('55 when the server hangs up while it is sent something', async () => {
    const server = await listenRaw((peer) => peer.socket.once('data', () => peer.socket.resetAndDestroy()));
    const path = new TemporaryFolder().write('f', Buffer.alloc(20_000_000));
    await expectCode(CurlExitCode.SendError, /\(55\)/, ['-T', path, `http://127.0.0.1:${server.port}/`]);
  });

  it('61 for an encoding that is not what it says', async () => {
    const cut = gzipSync('abcdef').subarray(0, 12).toString('latin1');
    const url = await answering(Buffer.from(response(cut, { 'Content-Encoding': 'gzip' }), 'latin1'));
    await expectCode(CurlExitCode.BadContentEncoding, /\(61\)/, ['--compressed', url]);
    await expectCode(ExitCode.Done, '', [url]);
  });

  it('65 when a redirect asks for standard input once more', async () => {
    const server = await startJudge((_request, answer) => void answer.writeHead(307, { Location: '/y' }).end());
    const input = 'x'.repeat(2_000_000);
    await expectCode(CurlExitCode.NotRepeatable, /\(65\)/, ['-L', '-T', '-', `${server.url}x`], { input });
  });

  it('56 and 97 for a proxy that refuses', async () => {
    const proxy = await startHttpProxy({ wants: 'user:right' });
    const argv = ['-k', 'https://server.behind.test/'];
    const wrong = `http://user:wrong@127.0.0.1:${proxy.port}`;
    await expectCode(CurlExitCode.ReceiveError, /\(56\)/, ['-x', wrong, ...argv]);
    const socks = await listenRaw((peer) => peer.write(Buffer.from([5, 0xff])));
    await expectCode(CurlExitCode.ProxyFailed, /\(97\)/, ['-x', `socks5://127.0.0.1:${socks.port}`, ...argv]);
  });

  it.each([
    ['SIGINT', ExitCode.Interrupted],
    ['SIGTERM', ExitCode.Terminated],
  ] as const)('what %s asks for', async (signal, code) => {
    const server = await listenAnswering(`${ok}Content-Length: 5\r\n\r\nab`);
    const cli = startCli(['curl', `http://127.0.0.1:${server.port}/`, 'http://127.0.0.1:1/']);
    await cli.stdout.match(/ab/);
    cli.signal(signal);
    expect(await cli.done).toBe(code);
    expect(cli.stderr.text).toBe('');
    expect(cli.listenerCount()).toBe(0);
  });

  it('the code of the last URL that failed, whatever succeeds after it', async () => {
    const url = await answering(response('abc'));
    const cli = startCli(['curl', '-s', `http://127.0.0.1:${await freePort()}/`, 'gopher://x', url]);
    expect(await cli.done).toBe(CurlExitCode.UnsupportedProtocol);
    expect(cli.stdout.text).toBe('abc');
  });

  it('nothing on stderr with -s, but for -S', async () => {
    await expectCode(CurlExitCode.CouldNotConnect, '', ['-s', 'http://127.0.0.1:1/']);
    await expectCode(CurlExitCode.CouldNotConnect, /\(7\)/, ['-sS', 'http://127.0.0.1:1/']);
    await expectCode(CurlExitCode.UnsupportedProtocol, '', ['-s', 'gopher://x/']);
  });
});
