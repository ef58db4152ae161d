import { expect, test } from 'vitest';
import { HttpClient, HttpErrorCode, HttpResponse } from '../../src/index.ts';
import { startHttpServer } from '../support/http-running.ts';

async function addressSeen(trustedProxies: readonly string[] | undefined): Promise<string> {
  const { url } = await startHttpServer(
    (_request, { remoteIp }) => new HttpResponse(200, 'OK', HttpErrorCode.Ok, {}, remoteIp),
    { trustedProxies },
  );
  const client = new HttpClient();
  const response = await client.get(url, { extraHeaders: { 'X-Forwarded-For': '203.0.113.9' } });
  return response.text();
}

test('a proxy that is trusted says whose request it is', async () => {
  expect(await addressSeen(['127.0.0.1'])).toBe('203.0.113.9');
});

test('nobody else does', async () => {
  expect(await addressSeen(undefined)).toBe('127.0.0.1');
  expect(await addressSeen(['192.0.2.0/24'])).toBe('127.0.0.1');
});
