import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { type JudgeServer, startJudge } from '../support/http-server.ts';
import type { ExampleTests } from './program.ts';

/** Sends back what it gets, and a greeting when that is nothing. */
function startEcho(): Promise<JudgeServer> {
  return startJudge((request, answer, body) => {
    if (request.url === '/missing') answer.statusCode = 404;
    answer.setHeader('Content-Type', 'text/plain');
    answer.end(body.length === 0 ? 'hello' : body);
  });
}

/** The examples of HTTP clients. */
export const httpClientExamples: ExampleTests = {
  async 'seed/http-client'(start) {
    const echo = await startEcho();
    const lines = await start(echo.url).ended();
    expect(lines).toEqual([
      'head 200',
      'get 200',
      'post 200',
      'form 200',
      'body 200',
      '200 text/plain foo=bar',
      'true 7',
    ]);
    expect(echo.requests.map(({ method }) => method)).toEqual(['HEAD', 'GET', 'POST', 'POST', 'POST', 'PUT']);
    expect(echo.requests[0]?.headers['foo']).toBe('bar');
    expect(echo.connections.count).toBe(1);
    expect((await start(echo.url, '--verbose').ended()).join('\n')).toContain('Status line HTTP/1.1 200 OK');
  },

  async 'seed/http-client-async'(start) {
    const echo = await startEcho();
    const lines = await start(echo.url).ended();
    expect(lines.toSorted()).toEqual(['0 bytes in the body', '200 5 bytes', 'Cancelled', 'true']);
    expect(echo.requests).toHaveLength(1);
  },

  async 'http-client'(start) {
    const echo = await startEcho();
    expect(await start(echo.url).ended()).toEqual([
      '200 text/plain hello',
      "{ name: 'a' }",
      '200',
      'the server says 404',
      'we have changed our mind',
    ]);
    expect(echo.requests[1]?.headers['authorization']).toBe('Bearer secret');
  },

  async 'http-client-streaming'(start) {
    const echo = await startEcho();
    const folder = await mkdtemp(join(tmpdir(), 'ixwebsocket-example-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, 'file.txt');
    await writeFile(file, 'contents');
    const lines = await start(echo.url, file).ended();
    expect(lines).toEqual(['200 5 bytes', '200', '200', 'line 1', 'line 2', 'line 3', '', '200', 'Ok 200']);
    expect(await readFile(`${file}.copy`, 'utf8')).toBe('hello');
  },
};
