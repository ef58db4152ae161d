import { describe, expect, test } from 'vitest';
import {
  HttpErrorCode,
  HttpResponse,
  HttpServer,
  type SocketServerOptions,
  UsageError,
  WebSocketServer,
} from '../../src/index.ts';
import { createEcho, listenHttp } from '../support/http-hosts.ts';
import { startHttpServer } from '../support/http-running.ts';
import { connectRaw, upgradeRequest } from '../support/raw-peer.ts';
import { startEchoServer } from '../support/running.ts';

type HeadOptions = Pick<SocketServerOptions, 'maxHeadBytes' | 'maxHeaders'>;

const answer = (): HttpResponse => new HttpResponse(200, 'OK', HttpErrorCode.Ok, {}, 'hello');

/** The status of an upgrade whose request has more fields. */
async function upgradeStatus(port: number, fields: string): Promise<number> {
  const peer = await connectRaw(port, { send: upgradeRequest().replace(/\r\n$/, `${fields}\r\n`) });
  return Number((await peer.head()).split(' ')[1]);
}

/** The status of the last of several requests on one connection, the one with more fields. */
async function lastStatus(port: number, fields: string, before: number): Promise<number> {
  const first = 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'.repeat(before);
  const send = `${first}GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n${fields}\r\n`;
  const peer = await connectRaw(port, { send });
  await peer.ended();
  const statuses = Array.from(peer.text.matchAll(/HTTP\/1\.1 (\d+)/g), ([, status]) => Number(status));
  expect(statuses).toHaveLength(before + 1);
  return statuses.at(-1) ?? 0;
}

const kinds: Readonly<Record<string, (options: HeadOptions, fields: string) => Promise<number>>> = {
  'a WebSocketServer': async (options, fields) => upgradeStatus((await startEchoServer(options)).port, fields),
  'an HttpServer': async (options, fields) => lastStatus((await startHttpServer(answer, options)).port, fields, 0),
  'the second request to an HttpServer': async (options, fields) =>
    lastStatus((await startHttpServer(answer, options)).port, fields, 1),
  'a server at one of Node': async (options, fields) => {
    const { httpServer, port } = await listenHttp({ maxHeaderSize: 1 << 20 });
    createEcho('echo', options).attach(httpServer);
    return upgradeStatus(port, fields);
  },
};

describe.each(Object.entries(kinds))('%s', (_kind, ask) => {
  test('takes a head and a line as long as it is told, and no longer', async () => {
    const kerberos = `Authorization: Negotiate ${'A'.repeat(60_000)}\r\n`;
    expect([101, 200]).toContain(await ask({ maxHeadBytes: 65_536 }, kerberos));
    expect(await ask({}, kerberos)).toBe(431);
    const cookies = `Cookie: ${'x'.repeat(15_000)}\r\n`;
    expect([101, 200]).toContain(await ask({}, cookies));
    expect(await ask({ maxHeadBytes: 8192 }, cookies)).toBe(431);
  });

  test('takes as many fields as it is told, and no more', async () => {
    const fields = 'A: b\r\n'.repeat(500);
    expect([101, 200]).toContain(await ask({ maxHeaders: 1000 }, fields));
    expect(await ask({}, fields)).toBe(431);
  });
});

test.each([{ maxHeadBytes: 0 }, { maxHeadBytes: 2 ** 30 }, { maxHeaders: 0 }, { maxHeaders: 1.5 }])(
  '%o is refused',
  (options: HeadOptions) => {
    const [name = ''] = Object.keys(options);
    for (const make of [() => new WebSocketServer(options), () => new HttpServer(options)]) {
      expect(make).toThrow(UsageError);
      expect(make).toThrow(name);
    }
  },
);
