import { describe, expect, test } from 'vitest';
import {
  HttpErrorCode,
  HttpResponse,
  HttpServer,
  type SocketServerOptions,
  UsageError,
  userAgent,
  WebSocketServer,
} from '../../src/index.ts';
import { createEcho, listenHttp } from '../support/http-hosts.ts';
import { startHttpServer } from '../support/http-running.ts';
import { connectRaw, upgradeRequest } from '../support/raw-peer.ts';
import { startEchoServer } from '../support/running.ts';

type Options = Pick<SocketServerOptions, 'serverHeader' | 'onUpgrade' | 'path'>;

const ordinary = 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
const garbage = 'GET\r\n\r\n';

async function headFor(port: number, send: string): Promise<string> {
  return (await connectRaw(port, { send })).head();
}

const respond = (): HttpResponse => new HttpResponse(200, 'OK', HttpErrorCode.Ok, {}, 'hello');

/** The heads of all kinds of answers. */
const answers: Readonly<Record<string, (options: Options) => Promise<string>>> = {
  'a 101': async (options) => headFor((await startEchoServer(options)).port, upgradeRequest()),
  'a 101 with fields of the user': async (options) => {
    const { port } = await startEchoServer({ ...options, onUpgrade: () => ({ headers: { 'X-A': 'b' } }) });
    return headFor(port, upgradeRequest());
  },
  'a refusal of onUpgrade': async (options) =>
    headFor((await startEchoServer({ ...options, onUpgrade: () => false })).port, upgradeRequest()),
  'a refusal of a WebSocketServer': async (options) => headFor((await startEchoServer(options)).port, ordinary),
  'a refusal of what is no request': async (options) => headFor((await startEchoServer(options)).port, garbage),
  'a response of an HttpServer': async (options) => headFor((await startHttpServer(respond, options)).port, ordinary),
  'a refusal of an HttpServer': async (options) => headFor((await startHttpServer(respond, options)).port, garbage),
  'a refusal at a server of Node': async (options) => {
    const { httpServer, port } = await listenHttp();
    createEcho('echo', options).attach(httpServer, { path: '/chat' });
    return headFor(port, upgradeRequest());
  },
};

describe.each(Object.entries(answers))('%s', (_kind, ask) => {
  test('names product and version alone', async () => {
    expect(await ask({})).toContain(`\r\nServer: ${userAgent}\r\n`);
    expect(userAgent).toMatch(/^ixwebsocket\/\d+\.\d+\.\d+$/);
  });

  test('says what it is told', async () => {
    expect(await ask({ serverHeader: 'mine/1 (é)' })).toContain('\r\nServer: mine/1 (\xe9)\r\n');
  });

  test('says nothing where that is empty', async () => {
    expect(await ask({ serverHeader: '' })).not.toMatch(/^Server:/im);
  });
});

test('two servers in one process keep their own', async () => {
  const [one, two] = [
    await startHttpServer(respond, { serverHeader: 'one' }),
    await startHttpServer(respond, { serverHeader: '' }),
  ];
  for (let i = 0; i < 2; i++) {
    expect(await headFor(one.port, ordinary)).toContain('\r\nServer: one\r\n');
    expect(await headFor(two.port, ordinary)).not.toContain('Server:');
  }
});

test("the user's own field counts before it", async () => {
  const own = () => new HttpResponse(200, 'OK', HttpErrorCode.Ok, { Server: 'own' }, '');
  const { port } = await startHttpServer(own, { serverHeader: 'other' });
  expect((await headFor(port, ordinary)).match(/^Server: .*$/gm)).toEqual(['Server: own']);
});

test.each(['a\r\nB: c', '\u20ac', 5 as unknown as string])('%o is refused', (serverHeader) => {
  for (const make of [() => new WebSocketServer({ serverHeader }), () => new HttpServer({ serverHeader })]) {
    expect(make).toThrow(UsageError);
    expect(make).toThrow(/^serverHeader: /);
  }
});

test.each([null, 'chat', { pat: '/x' }])('attach() refuses %j in place of options', async (options) => {
  const { httpServer } = await listenHttp();
  expect(() => createEcho('echo').attach(httpServer, options as object)).toThrow(UsageError);
});
