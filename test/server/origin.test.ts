import { expect, test } from 'vitest';
import type { SocketServerOptions } from '../../src/index.ts';
import { connectRaw, upgradeRequest } from '../support/raw-peer.ts';
import { connectClient, startServer } from '../support/running.ts';

type Policy = SocketServerOptions['allowedOrigins'];

async function statusFor(policy: Policy, host: string, origin: string | undefined): Promise<[number, string]> {
  const { port } = await startServer({ allowedOrigins: policy });
  const peer = await connectRaw(port, { send: upgradeRequest({ Host: host, Origin: origin }) });
  const head = await peer.head();
  if (head.includes(' 403 ')) await peer.ended();
  return [Number(head.slice(9, 12)), peer.body.toString()];
}

test.each<[policy: Policy, host: string, origin: string | undefined, allowed: boolean]>([
  [undefined, 'example.com', undefined, true],
  [undefined, 'example.com', 'http://example.com', true],
  [undefined, 'example.com', 'HTTP://EXAMPLE.com', true],
  [undefined, 'example.com:80', 'http://example.com', true],
  [undefined, 'example.com', 'http://example.com:80', true],
  [undefined, 'example.com', 'https://example.com', true],
  [undefined, 'example.com:443', 'https://example.com', true],
  [undefined, 'example.com:8080', 'http://example.com:8080', true],
  [undefined, 'example.com:8080', 'http://example.com', false],
  [undefined, 'example.com', 'http://example.com:8080', false],
  [undefined, 'example.com', 'http://sub.example.com', false],
  [undefined, 'sub.example.com', 'http://example.com', false],
  [undefined, 'example.com', 'http://evil.com', false],
  [undefined, 'example.com', 'http://example.com.evil.com', false],
  [undefined, 'example.com', 'http://evil.com/example.com', false],
  [undefined, 'example.com', 'http://user@example.com', false],
  [undefined, 'example.com', 'null', false],
  [undefined, 'example.com', 'file://', false],
  [undefined, 'example.com', 'example.com', false],
  [undefined, 'example.com', 'http://', false],
  [undefined, 'example.com', 'http://example.com http://evil.com', false],
  [undefined, '127.0.0.1:8008', 'http://localhost:3000', true],
  [undefined, 'localhost:8008', 'http://127.0.0.1:3000', true],
  [undefined, '[::1]:8008', 'http://localhost', true],
  [undefined, 'localhost', 'https://app.localhost:99', true],
  [undefined, 'localhost:8008', 'http://evil.com', false],
  [undefined, 'localhost:8008', 'http://localhost.evil.com', false],
  [undefined, 'localhost:8008', 'http://127.evil.com', false],
  [undefined, 'example.com', 'http://localhost', false],
  ['*', 'example.com', 'http://evil.com', true],
  ['*', 'example.com', 'null', true],
  [['https://app.test'], 'example.com', 'https://app.test', true],
  [['https://app.test'], 'example.com', 'https://app.test:443', true],
  [['https://app.test'], 'example.com', 'http://app.test', false],
  [['https://app.test'], 'example.com', 'https://app.test:8443', false],
  [['https://app.test'], 'example.com', 'http://example.com', false],
  [['https://app.test'], 'example.com', undefined, true],
  [['null'], 'example.com', 'null', true],
  [[], 'example.com', 'http://example.com', false],
  [(origin) => origin === 'https://mine.test', 'example.com', 'https://mine.test', true],
  [(origin) => origin === 'https://mine.test', 'example.com', 'https://yours.test', false],
  [(origin) => origin !== undefined, 'example.com', undefined, false],
  [(_origin, head) => head.target === '/', 'example.com', 'http://evil.com', true],
  [async () => true, 'example.com', 'http://evil.com', true],
  [async () => false, 'example.com', 'http://evil.com', false],
])('with %j, a server called %s and a page from %s: %s', async (policy, host, origin, isAllowed) => {
  const [status, body] = await statusFor(policy, host, origin);
  expect(status).toBe(isAllowed ? 101 : 403);
  if (!isAllowed) expect(body).toContain('allowedOrigins');
});

test('two Origins are none that is allowed', async () => {
  const { port } = await startServer();
  const request = upgradeRequest({ Origin: 'http://127.0.0.1' }).replace('Origin', 'Origin: http://evil.com\r\nOrigin');
  const peer = await connectRaw(port, { send: request });
  expect(await peer.head()).toMatch(/^HTTP\/1\.1 40[03] /);
});

test('a policy that throws is a 500, and is reported', async () => {
  const errors: unknown[] = [];
  const { port, url } = await startServer({
    allowedOrigins: (origin) => {
      if (origin !== undefined) throw new Error('mine');
      return true;
    },
    onCallbackError: (error) => void errors.push(error),
  });
  const peer = await connectRaw(port, { send: upgradeRequest({ Origin: 'http://x.test' }) });
  expect(await peer.head()).toMatch(/^HTTP\/1\.1 500 /);
  await peer.ended();
  expect(peer.body.toString()).not.toContain('mine');
  expect(errors).toEqual([new Error('mine')]);
  await connectClient(url);
});
