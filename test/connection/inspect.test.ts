import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ReadyState, WebSocket, WebSocketHttpHeaders, type WebSocketMessage } from '../../src/index.ts';
import { closedPort } from '../support/raw-server.ts';
import { connectClient, createClient, startServer } from '../support/running.ts';

const SECRETS = ['hunter2', 'Bearer abc', 'sid=1234', 'q-token', 'sub-token', '?q'];

/** What `console.log` prints at a terminal of 80 columns: one screen at the most, and no secret. */
function shownOf(value: unknown): string {
  const shown = inspect(value);
  const lines = shown.split('\n').flatMap((line) => line.match(/.{1,80}/g) ?? ['']);
  expect(lines.length, shown).toBeLessThanOrEqual(24);
  for (const secret of SECRETS) expect(shown).not.toContain(secret);
  return shown;
}

async function openPair() {
  const seen: WebSocketMessage[] = [];
  const served: unknown[] = [];
  const { url } = await startServer({ subprotocols: ['chat'] }, (server) => {
    server.setOnConnectionCallback((webSocket) => {
      served.push(webSocket);
      webSocket.setOnMessageCallback((msg) => {
        seen.push(msg);
        if (msg.type === 'message') webSocket.send(msg.data);
      });
    });
  });
  const { client, log } = await connectClient(`${url.replace('//', '//me:hunter2@')}path?q=q-token`, {
    subprotocols: ['chat', 'sub-token'],
    extraHeaders: {
      Authorization: 'Bearer abc',
      Cookie: 'sid=1234',
      'X-Api-Key': 'hunter2',
      Referer: 'http://me:hunter2@a.example/?q=q-token',
      ...Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`X-Field-${i}`, 'x'.repeat(300)])),
    },
  });
  return { client, log, seen, served };
}

describe('console.log of', () => {
  test('a WebSocket shows its url without secrets, and its state', async () => {
    const { client } = await openPair();
    const shown = shownOf(client);
    expect(shown).toMatch(/^WebSocket \{\s+url: "ws:\/\/127\.0\.0\.1:\d+\/path\?…"/);
    expect(shown).toContain(`readyState: '${ReadyState.Open}'`);
    expect(shownOf({ deep: { er: { and: client } } })).toContain('[WebSocket]');
    for (const url of ['ws://me:hunter2@', 'me:hunter2@host', 'ws://me:hunter2@host/%zz?q=q-token']) {
      shownOf(new WebSocket({ url }));
    }
    shownOf(new WebSocket({ url: () => 'ws://me:hunter2@host' }));
  });

  test('a ServerWebSocket shows whose it is', async () => {
    const { served } = await openPair();
    expect(shownOf(served[0])).toMatch(/^ServerWebSocket \{[^]+remoteIp: '127\.0\.0\.1'/);
  });

  test('each message and what it carries', async () => {
    const { client, log, seen } = await openPair();
    client.send('\n'.repeat(100_000));
    client.send(Buffer.alloc(100_000, 10));
    client.ping('\n'.repeat(125));
    await log.next('pong');
    client.close(1000, '\n'.repeat(123));
    await log.next('close');
    for (const message of [...seen, ...log.all]) {
      const shown = shownOf(message);
      expect(shown).toContain(`type: '${message.type}'`);
    }
    const [open] = log.of('open');
    expect(shownOf(open?.openInfo)).toContain('uri: "/path?…"');
    expect(shownOf(open?.openInfo.attempt)).toContain('response: "101 Switching Protocols"');
    shownOf(seen.find(({ type }) => type === 'open')?.type);
    expect(shownOf(log.of('close')[0]?.closeInfo)).toContain('code: 1000');
  });

  test('an error with the record of its attempt', async () => {
    const { client, log } = createClient({ url: `ws://me:hunter2@127.0.0.1:${await closedPort()}/?q=q-token` });
    const result = await client.connect();
    expect(shownOf(result)).toContain("code: 'connectionRefused'");
    expect(shownOf(log.of('error')[0])).toContain("phase: 'connect'");
  });

  test('headers', () => {
    const headers = new WebSocketHttpHeaders({
      Host: 'a.example',
      'Set-Cookie': 'sid=1234',
      'Proxy-Authorization': 'Bearer abc',
      Location: 'https://me:hunter2@a.example/b?q=q-token',
      __proto__: 'x',
    });
    headers.append('__proto__', 'own');
    expect(shownOf(headers)).toContain('Location: "https://a.example/b?…"');
    expect(shownOf(headers)).toContain('Host: "a.example"');
    shownOf(new WebSocketHttpHeaders(Array.from({ length: 100 }, () => ['X-Field', '\t'.repeat(1000) + 'x'])));
  });
});
