import { once } from 'node:events';
import net from 'node:net';
import { expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from '../../src/index.ts';
import { usedBytes } from '../support/collect-garbage.ts';
import { eventually } from '../support/eventually.ts';
import { upgradeRequest } from '../support/raw-peer.ts';
import { activeResources, noSocketsBut } from '../support/resources.ts';

const CYCLES = 10_000;
const AT_A_TIME = 20;
/** Code that was compiled and optimized on the way stays. */
const WARM_UP = 3000;
/** What is known to stay falls from 20 bytes to 5; one object that was forgotten is 50 at the least. */
const MOST_LEFT_BYTES = CYCLES * 100;

async function startCounting() {
  const server = new WebSocketServer({ port: 0, closeTimeoutSecs: 1 });
  const counts = { opened: 0, closed: 0, messages: 0 };
  server.setOnClientMessageCallback((_state, webSocket, message) => {
    if (message.type === 'open') counts.opened++;
    if (message.type === 'close') counts.closed++;
    if (message.type === 'message') counts.messages++;
    if (message.type === 'message') webSocket.send(message.data, message.binary);
  });
  const result = await server.listenAndStart();
  if (!result.ok) throw result.error;
  return { server, counts, url: `ws://127.0.0.1:${server.getPort()}/` };
}

/** Listeners on what lives as long as the process. */
function globalListeners(): number {
  return process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
}

/** Runs `cycle` in parallel lanes, `count` times in all. */
async function inLanes(count: number, cycle: (n: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await cycle(next++);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, lane));
}

async function expectNothingLeft(cycle: (url: string, n: number) => Promise<void>): Promise<void> {
  const before = activeResources();
  const { server, counts, url } = await startCounting();
  await inLanes(WARM_UP, (n) => cycle(url, n));
  await eventually('the warm-up to be over', () => counts.opened === counts.closed && server.getClients().size === 0);
  const listeners = globalListeners();
  const bytes = usedBytes();
  const opened = counts.opened;

  await inLanes(CYCLES, (n) => cycle(url, n));
  await eventually('all to be gone', () => counts.opened === counts.closed && server.getClients().size === 0);
  expect(counts.opened - opened).toBe(CYCLES);
  await noSocketsBut({ ...before, TCPServerWrap: (before.TCPServerWrap ?? 0) + 1 });
  expect(globalListeners()).toBe(listeners);
  expect(usedBytes() - bytes).toBeLessThan(MOST_LEFT_BYTES);

  await server.stop();
  await noSocketsBut(before);
}

test('10 000 clients that connect, echo and stop leave nothing behind', async () => {
  await expectNothingLeft(async (url, n) => {
    const webSocket = new WebSocket({ url });
    expect((await webSocket.connect()).success).toBe(true);
    const answer = new Promise((resolve) => webSocket.on('message', resolve));
    webSocket.send(`cycle ${n}`);
    await answer;
    await webSocket.stop();
  });
});

test('10 000 times start and stop of one client, some of them cut short, leave nothing behind', async () => {
  const before = activeResources();
  const { server, counts, url } = await startCounting();
  const webSocket = new WebSocket({ url });
  let onOpen = (): void => undefined;
  webSocket.on('open', () => onOpen());
  const cycle = async (n: number): Promise<void> => {
    webSocket.start();
    if (n % 2 === 0) await new Promise<void>((resolve) => (onOpen = resolve));
    if (n % 10 === 0) webSocket.terminate();
    await webSocket.stop();
  };
  for (let n = 0; n < WARM_UP; n++) await cycle(n);
  const bytes = usedBytes();
  for (let n = 0; n < CYCLES; n++) await cycle(n);
  await eventually('all to be gone', () => counts.opened === counts.closed && server.getClients().size === 0);
  expect(usedBytes() - bytes).toBeLessThan(MOST_LEFT_BYTES);
  await server.stop();
  await noSocketsBut(before);
});

test('10 000 peers that leave without a word leave nothing behind', async () => {
  await expectNothingLeft(async (url, n) => {
    const socket = net.connect({ port: Number(new URL(url).port), host: '127.0.0.1' });
    socket.on('error', () => undefined);
    socket.write(upgradeRequest());
    await once(socket, 'data');
    const closed = once(socket, 'close');
    if (n % 3 === 0) socket.resetAndDestroy();
    else if (n % 3 === 1) socket.end();
    else socket.destroy();
    socket.resume();
    await closed;
  });
});
