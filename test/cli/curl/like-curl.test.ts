import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { CurlExitCode, ExitCode } from '../../../src/cli/terminal/exit-codes.ts';
import { startJudge } from '../../support/http-server.ts';
import { type FakeOptions, type RunningCli, startCli, stopAll } from '../support/fake-environment.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

/*
 * Things that curl does, compared with curl 7.88: what goes over the wire, and what is shown of what comes.
 */

afterEach(stopAll);

/** A server that calls `onData` with what has come so far, each byte a character. */
async function listen(onData: (received: string, socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    let received = '';
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      received += data.toString('latin1');
      onData(received, socket);
    });
  }).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** A server that answers everybody with the same bytes. */
function answering(answer: string): Promise<string> {
  return listen((_, socket) => void socket.end(Buffer.from(answer, 'latin1')));
}

async function curl(argv: readonly string[], options?: FakeOptions): Promise<RunningCli & { code: ExitCode }> {
  const cli = startCli(['curl', '-s', ...argv], options);
  return { ...cli, code: await cli.done };
}

/** The bytes of a request, each a character, with the boundaries of forms named b, c … */
async function sent(argv: readonly string[]): Promise<string> {
  let request = '';
  const url = await listen((received, socket) => {
    request = received;
    const head = received.split('\r\n\r\n', 1)[0] ?? '';
    const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
    if (received.length >= head.length + 4 + length) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  });
  const { code, stderr } = await curl(['-S', ...argv, url]);
  expect({ code, error: stderr.text }).toEqual({ code: ExitCode.Done, error: '' });
  const boundaries = [...new Set(request.match(/ixwebsocket-[0-9a-f]{40}/g))];
  return boundaries.reduce(
    (text, boundary, index) => text.replaceAll(boundary, String.fromCharCode(0x62 + index)),
    request,
  );
}

describe('ws curl sends', () => {
  it.each([
    [['-H', 'X-A: é☃'], '\r\nX-A: \u00c3\u00a9\u00e2\u0098\u0083\r\n'],
    [['-A', 'é'], '\r\nUser-Agent: \u00c3\u00a9\r\n'],
    [['-e', 'http://é/'], '\r\nReferer: http://\u00c3\u00a9/\r\n'],
    [['-b', 'a=é'], '\r\nCookie: a=\u00c3\u00a9\r\n'],
    [['-H', 'X-Empty;'], '\r\nX-Empty: \r\n'],
  ])('%j as the bytes that were typed', async (argv, wanted) => {
    expect(await sent(argv)).toContain(wanted);
  });

  it.each([
    [['-H', 'X-Empty:'], /x-empty/i],
    [['-H', 'Content-Type:', '-d', 'x'], /content-type/i],
    [['-H', 'Host:'], /host:/i],
    [['-H', 'user-agent:'], /user-agent/i],
    [['-H', 'Accept:'], /accept/i],
    [['-H', 'Referer:', '-e', 'http://x/'], /referer/i],
    [['-H', 'Expect:'], /expect/i],
  ])('no field for %j', async (argv, unwanted) => {
    expect(await sent(argv)).not.toMatch(unwanted);
  });

  it.each([
    ['name="John; Doe"', 'Content-Disposition: form-data; name="name"\r\n\r\nJohn; Doe\r\n'],
    [
      'meta={"a":1};type=application/json',
      'Content-Disposition: form-data; name="meta"\r\nContent-Type: application/json\r\n\r\n{"a":1}\r\n',
    ],
    [
      'a=b;type=text/x;filename=f',
      'Content-Disposition: form-data; name="a"; filename="f"\r\nContent-Type: text/x\r\n\r\nb\r\n',
    ],
    ['a=<FOLDER/f;type=text/q', 'Content-Disposition: form-data; name="a"\r\nContent-Type: text/q\r\n\r\none\n\r\n'],
    [
      'a=@FOLDER/f,FOLDER/g;type=text/x;filename="h;i"',
      [
        'Content-Disposition: form-data; name="a"\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n',
        'Content-Disposition: attachment; filename="f"\r\nContent-Type: application/octet-stream\r\n\r\none\n\r\n--c\r\n',
        'Content-Disposition: attachment; filename="h;i"\r\nContent-Type: text/x\r\n\r\ntwo\n\r\n--c--\r\n\r\n',
      ].join(''),
    ],
  ])('-F %s', async (part, wanted) => {
    const folder = new TemporaryFolder();
    folder.write('f', 'one\n');
    folder.write('g', 'two\n');
    const request = await sent(['-F', part.replaceAll('FOLDER', folder.path)]);
    expect(request).toContain('\r\nContent-Length: ');
    expect(request.slice(request.indexOf('\r\n\r\n'))).toBe(`\r\n\r\n--b\r\n${wanted}--b--\r\n`);
  });

  it('a path with its dot segments removed, or as it is with --path-as-is', async () => {
    for (const [options, path] of [
      [[], 'GET /c/?/../ HTTP/1.1'],
      [['--path-as-is'], 'GET /a/../b/./../c/?/../ HTTP/1.1'],
    ] as const) {
      let request = '';
      const url = await listen((received, socket) => {
        request = received;
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
      });
      await curl([...options, `${url}a/../b/./../c/?/../`]);
      expect(request.split('\r\n', 1)).toEqual([path]);
      // The opening handshake goes the same way.
      await curl([...options, `${url.replace('http', 'ws')}a/../b/./../c/?/../`]);
      expect(request.split('\r\n', 1)).toEqual([path]);
    }
  });

  it('no form of files of which one cannot be read', async () => {
    const { code } = await curl(['-F', 'a=@/dev/null,/no/such/file', 'http://127.0.0.1:1/']);
    expect(code).toBe(CurlExitCode.ReadError);
  });
});

const interim = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n';
const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: caf\u00c3\u00a9\r\n\r\n';
const trailers = 'X-Sum: 1\r\nX-More: 2\r\n';
const whole = `${interim}${interim}${head}5\r\nhello\r\n0\r\n${trailers}\r\n`;

describe('ws curl shows', () => {
  it('interim responses before the answer and trailers behind it, with -i', async () => {
    const { stdout } = await curl(['-i', await answering(whole)]);
    expect(stdout.bytes.toString('latin1')).toBe(`${interim}${interim}${head}hello${trailers}`);
  });

  it('them in the file of -D, and none of them in the output', async () => {
    const folder = new TemporaryFolder();
    const { stdout } = await curl(['-D', folder.at('d'), '-w', ' %{size_header}', await answering(whole)]);
    const heads = `${interim}${interim}${head}${trailers}`;
    expect(folder.read('d').toString('latin1')).toBe(heads);
    expect(stdout.text).toBe(`hello ${heads.length}`);
  });

  it('them with -v, and values beyond ASCII as UTF-8', async () => {
    const { stderr } = await curl(['-v', '-H', 'X-Q: ü', await answering(whole)]);
    const lines = stderr.text.split('\n');
    expect(lines.filter((line) => line.startsWith('<'))).toEqual([
      '< HTTP/1.1 103 Early Hints',
      '< Link: </a.css>',
      '<',
      '< HTTP/1.1 103 Early Hints',
      '< Link: </a.css>',
      '<',
      '< HTTP/1.1 200 OK',
      '< Transfer-Encoding: chunked',
      '< X-A: café',
      '<',
      '< X-Sum: 1',
      '< X-More: 2',
    ]);
    expect(lines).toContain('> X-Q: ü');
  });

  it('values that are no UTF-8 as the characters that they are one by one', async () => {
    const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-A: caf\u00e9\r\n\r\n';
    const { stderr, stdout } = await curl(['-v', '-w', '%header{x-a}', await answering(answer)]);
    expect(stderr.text).toContain('< X-A: café\n');
    expect(stdout.text).toBe('café');
  });

  it('headers on a terminal such that they cannot drive it, with -D -, -i, -v and -I', async () => {
    // U+009B is CSI, U+202E turns the text around; a lone 9b is no UTF-8.
    const evil = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-A: \u00c2\u009b2J\u00e2\u0080\u00ae \u009b2J\r\n\r\n';
    for (const option of ['-i', '-v', '-I', '-D-']) {
      const { stdout, stderr } = await curl([option, await answering(evil)], { isTerminal: true });
      expect(stdout.text + stderr.text).toContain('X-A: ');
      expect(stdout.text + stderr.text).not.toMatch(/[\u0080-\u009f\u202e]/);
    }
    const { stdout } = await curl(['-D', '-', await answering(evil)]);
    expect(stdout.bytes.toString('latin1')).toBe(evil);
  });

  it('interim responses before the answer to an opening handshake', async () => {
    const refusal = 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n';
    const url = (await answering(`${interim}HTTP/1.1 100 Continue\r\n\r\n${refusal}`)).replace('http', 'ws');
    const { stdout } = await curl([url]);
    expect(stdout.text).toContain(
      'Interim response:\n  HTTP/1.1 103 Early Hints\n  Link: </a.css>\nInterim response:\n  HTTP/1.1 100 Continue\nResponse:\n  HTTP/1.1 403',
    );
  });

  it('how many redirects were followed, not how many there were', async () => {
    const server = await startJudge((request, response) => {
      const left = Number(request.url?.slice(1) || 4);
      if (left > 0) response.writeHead(302, { Location: `/${left - 1}` });
      response.end();
    });
    for (const [options, wanted] of [
      [['-L'], '4'],
      [['-L', '--max-redirs', '2'], '2'],
      [['-L', '--max-redirs', '0'], '0'],
      [[], '0'],
    ] as const) {
      const { stdout } = await curl([...options, '-w', '%{num_redirects}', server.url]);
      expect(stdout.text).toBe(wanted);
    }
  });
});

describe('ws curl leaves', () => {
  it('a file as it is when the answer is 304, and makes none', async () => {
    const folder = new TemporaryFolder();
    const url = await answering('HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n');
    const { code } = await curl(['-o', folder.write('f', 'before'), '-H', 'If-None-Match: "1"', url]);
    expect(code).toBe(ExitCode.Done);
    expect(folder.read('f').toString()).toBe('before');
    await curl(['-o', folder.at('g'), '-H', 'If-None-Match: "1"', url]);
    expect(folder.tree).toEqual(['f']);
    // An answer without a body is something else.
    await curl(['-o', folder.at('f'), await answering('HTTP/1.1 204 No Content\r\n\r\n')]);
    expect(folder.read('f').toString()).toBe('');
  });

  it.each([
    ['complete', 'bytes */6', [], ExitCode.Done],
    ['complete, with -f', 'bytes */6', ['-f'], ExitCode.Done],
    ['complete, with --fail-with-body', 'bytes */6', ['--fail-with-body'], ExitCode.Done],
    ['longer than that of the server, as curl has it', 'bytes */5', [], ExitCode.Done],
    ['longer than that of the server, with -f', 'bytes */5', ['-f'], CurlExitCode.HttpError],
    ['perhaps complete', undefined, [], ExitCode.Done],
    ['perhaps complete, with -f', undefined, ['-f'], CurlExitCode.HttpError],
  ])('a file as it is with -C - that is %s', async (_, range, options, wanted) => {
    const folder = new TemporaryFolder();
    const field = range === undefined ? '' : `Content-Range: ${range}\r\n`;
    const url = await answering(`HTTP/1.1 416 Range Not Satisfiable\r\n${field}Content-Length: 2\r\n\r\nno`);
    const { code } = await curl([...options, '-C', '-', '-o', folder.write('f', 'before'), url]);
    expect(code).toBe(wanted);
    expect(folder.read('f').toString()).toBe('before');
  });
});
