import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import {
  ConnectionState,
  HttpErrorCode,
  type HttpRequest,
  HttpResponse,
  HttpServer,
  type UpgradeRequest,
  WebSocketServer,
} from '../../src/index.ts';
import { startHttpServer } from '../support/http-running.ts';
import { connectRaw, upgradeRequest } from '../support/raw-peer.ts';
import { startServer } from '../support/running.ts';

const secrets = ['hunter2', 'Bearer abc', 'sid=1234', 'q-token'];
const fields: Record<string, string> = {
  Authorization: 'Bearer abc',
  'Proxy-Authorization': 'Basic hunter2',
  Cookie: 'sid=1234',
  ...Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`X-Field-${i}`, 'x'.repeat(300)])),
};

/** What `console.log` prints at a terminal of 80 columns: one screen at the most, and no secret. */
function shownOf(value: unknown): string {
  const shown = inspect(value);
  const lines = shown.split('\n').flatMap((line) => line.match(/.{1,80}/g) ?? ['']);
  expect(lines.length, shown).toBeLessThanOrEqual(24);
  for (const secret of secrets) expect(shown).not.toContain(secret);
  return shown;
}

test('console.log of a server shows where it listens and what it holds', async () => {
  const { server, port } = await startServer();
  expect(shownOf(server)).toMatch(
    new RegExp(
      `^WebSocketServer \\{\\s+where: '127\\.0\\.0\\.1:${port}',\\s+isListening: true,\\s+connections: \\{ open: 0`,
    ),
  );
  shownOf(new HttpServer({ port: 0, socketPath: undefined }));
  shownOf(new WebSocketServer({ socketPath: '/tmp/some.sock' }));
});

test('console.log of an opening handshake shows no secret of it', async () => {
  let seen: UpgradeRequest | undefined;
  const { port } = await startServer({ onUpgrade: (request) => void (seen = request) });
  const peer = await connectRaw(port, { send: upgradeRequest(fields, '/path?token=q-token') });
  await peer.head();
  const shown = shownOf(seen);
  expect(shown).toContain('/path?…');
  expect(shown).toContain("remoteIp: '127.0.0.1'");
});

test('console.log of a request and a response of HTTP shows neither secrets nor bodies', async () => {
  let seen: HttpRequest | undefined;
  const answer = new HttpResponse(200, 'OK', HttpErrorCode.Ok, { 'Set-Cookie': 'sid=1234', ...fields }, 'hunter2');
  const { port } = await startHttpServer((request) => {
    seen = request;
    return answer;
  });
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  const peer = await connectRaw(port, {
    send: `POST /a?token=q-token HTTP/1.1\r\nHost: h\r\nContent-Length: 7\r\n${lines.join('')}\r\nhunter2`,
  });
  await peer.head();
  expect(shownOf(seen)).toMatch(/^HttpRequest \{\s+method: 'POST'[^]+body: '7 bytes'/);
  expect(shownOf(answer)).toMatch(/^HttpResponse \{[^]+statusCode: 200[^]+body: '7 characters'/);
});

test('console.log of a connection state shows what subclasses keep', () => {
  class User extends ConnectionState {
    isAuthenticated = true;
  }
  const shown = shownOf(new User({ remoteIp: '192.0.2.1', remotePort: 5 }));
  expect(shown).toMatch(
    /^User \{\s+id: '\d+',\s+remoteIp: '192\.0\.2\.1',\s+remotePort: 5,\s+isAuthenticated: true\s+\}$/,
  );
});
