import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import { HttpResponse, HttpServer, type HttpServerOptions } from '../../src/index.ts';
import { createHttpClient } from '../support/http-server.ts';
import { identity, trusting } from '../support/secure.ts';

const large = 'a text that is not short '.repeat(20_000);

async function startOwn(options: HttpServerOptions): Promise<HttpServer> {
  const server = new HttpServer(options);
  server.setOnConnectionCallback((request) => {
    if (request.uri === '/large') return new HttpResponse(200, 'OK', 'Ok', { 'Content-Type': 'text/plain' }, large);
    if (request.uri === '/stream') return new HttpResponse(200, 'OK', 'Ok', {}, Readable.from([large, large]));
    return new HttpResponse(200, 'OK', 'Ok', {}, `${request.method} ${request.uri} ${request.body.length}`);
  });
  const result = await server.listenAndStart();
  if (!result.ok) throw result.error;
  onTestFinished(() => server.stop());
  return server;
}

describe.each(['tcp', 'tls', 'unix'])('our own server, over %s', (kind) => {
  test('answers requests, compressed and streamed, on one connection', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ix-own-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const socketPath = join(folder, 's');
    const options = {
      tcp: { port: 0 },
      tls: { port: 0, tlsOptions: { tls: true, certFile: identity.certFile, keyFile: identity.keyFile } },
      unix: { socketPath },
    }[kind];
    const server = await startOwn(options ?? {});
    const url = {
      tcp: `http://127.0.0.1:${server.getPort()}`,
      tls: `https://localhost:${server.getPort()}`,
      unix: `http+unix:${socketPath}:`,
    }[kind];
    const client = createHttpClient({ tlsOptions: trusting });
    expect((await client.get(`${url}/a?b`)).text()).toBe('GET /a?b 0');
    expect((await client.post(`${url}/c`, Readable.from(['abc', 'def']))).text()).toBe('POST /c 6');
    expect((await client.post(`${url}/c`, 'abc', { compressRequest: true })).text()).toBe('POST /c 3');
    const compressed = await client.get(`${url}/large`);
    expect(compressed.headers.get('content-encoding')).toBe('gzip');
    expect(compressed.text()).toBe(large);
    expect((await client.get(`${url}/stream`)).text()).toBe(large + large);
    expect(await client.head(`${url}/large`)).toMatchObject({ errorCode: 'Ok', statusCode: 200 });
  });
});
