import net from 'node:net';
import { expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from '../../src/index.ts';
import { Authority } from '../support/certificates.ts';
import { usedBytes } from '../support/collect-garbage.ts';
import { eventually } from '../support/eventually.ts';
import { activeResources, noSocketsBut } from '../support/resources.ts';

const CYCLES = 20_000;
const WARM_UP = 2000;
const AT_A_TIME = 20;
const MOST_LEFT_BYTES = CYCLES * 100;
/** What OpenSSL keeps is not on the heap; a connection of it takes some 30 KiB. */
const MOST_LEFT_RESIDENT_BYTES = CYCLES * 2048;

const authority = new Authority('tests');
const trusted = { caFile: authority.certificate };

test('20 000 TLS connections, three in four of which fail in their own way, leave nothing behind', async () => {
  const before = activeResources();
  const server = new WebSocketServer({ port: 0, tlsOptions: { ...trusted, ...authority.issue(), tls: true } });
  server.setOnClientMessageCallback((_state, webSocket, message) => {
    if (message.type === 'message') webSocket.send(message.data, message.binary);
  });
  const result = await server.listenAndStart();
  if (!result.ok) throw result.error;
  const port = server.getPort();
  const client = authority.issue({ names: [] });

  const cycle = async (n: number): Promise<void> => {
    // In turn: all is well, nobody trusts us, we trust nobody, and something that is not TLS.
    if (n % 4 === 3) {
      await leave(port, n);
      return;
    }
    const tlsOptions = [{ ...trusted, ...client }, trusted, { ...client, caFile: 'SYSTEM' }][n % 4] ?? {};
    const webSocket = new WebSocket({ url: `wss://127.0.0.1:${port}/`, tlsOptions });
    expect((await webSocket.connect()).success).toBe(n % 4 === 0);
    if (n % 4 !== 0) return;
    const answer = new Promise((resolve) => webSocket.on('message', resolve));
    webSocket.send(`cycle ${n} `.repeat(100));
    await answer;
    await webSocket.stop();
  };
  const run = async (count: number): Promise<void> => {
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < count) await cycle(next++);
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, lane));
    await eventually('all to be gone', () => server.getClients().size === 0);
  };

  await run(WARM_UP);
  const bytes = usedBytes();
  const { rss } = process.memoryUsage();
  await run(CYCLES);
  await noSocketsBut({ ...before, TCPServerWrap: (before.TCPServerWrap ?? 0) + 1 });
  expect(usedBytes() - bytes).toBeLessThan(MOST_LEFT_BYTES);
  expect(process.memoryUsage().rss - rss).toBeLessThan(MOST_LEFT_RESIDENT_BYTES);
  await server.stop();
  await noSocketsBut(before);
});

/** Says something that is no TLS, or nothing, and leaves. */
function leave(port: number, n: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => {
      if (n % 8 === 3) socket.end('GET / HTTP/1.1\r\n\r\n');
      else socket.resetAndDestroy();
    });
    socket.on('error', () => undefined).on('close', () => resolve());
    socket.resume();
  });
}
